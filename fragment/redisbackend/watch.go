package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// A watch is what a Backend does so that others' changes, and its own, are told.
type watch struct {
	asked atomic.Bool
	voice atomic.Pointer[voice] // that of a bus too; nil: the server tells, or nobody is told
}

// told is whom to tell of changes: func(keys) of the keys of a prefix.
type told struct {
	prefix  string
	changed func(keys ...string)
}

// Watch implements fragment.Watcher, in the way of Options.Watch. Where the
// server cannot be reached now it returns nil, and watches as soon as it can be:
// nothing is read before. With a client that New was given it is WatchPubSub.
func (b *Backend) Watch(ctx context.Context, prefix string, changed func(keys ...string)) error {
	if !b.watch.asked.CompareAndSwap(false, true) {
		return errors.New("redisbackend: watch: it was called before: want one Watch of a backend")
	}
	to := told{prefix, func(keys ...string) {
		if !b.gate.isShut() {
			changed(keys...)
		}
	}}
	if b.gate.isShut() {
		return b.fault("watch", errClosed)
	}
	if b.foreign {
		given := *b.link.made.Load()
		return b.fault("watch", b.watch.begin(ctx, b, given, to, leaving(given, channelOf(prefix))))
	}
	dialer := b.dialer
	b.link.restart(func() (rueidis.Client, error) { return dialer.connectWatching(to) })
	_, err := b.link.client(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return b.fault("watch", err)
	}
	return nil // what else there is, each later call tells as well
}

// connectWatching makes a client, and has changes told from then on.
func (d *dialer) connectWatching(to told) (rueidis.Client, error) {
	if d.backend.options.Watch == WatchPubSub {
		return d.connectBus(to, nil)
	}
	c, err := d.open(d.tracking(to))
	if !errors.Is(err, rueidis.ErrNoCache) {
		return c, err
	}
	if d.backend.options.Watch == WatchTracking {
		return nil, &unable{errors.New(whyNot(err))}
	}
	return d.connectBus(to, err)
}

// tracking is the option of a client that the server tells of changes. There is
// one connection a node, for two reasons: the server leaves out what came over it,
// so that own writes are not told; and each value is read over the connection
// whose loss tells that changes of it may have been missed.
func (d *dialer) tracking(to told) rueidis.ClientOption {
	option := d.option
	option.DisableCache = false // which is what switches tracking on
	option.CacheSizeEachConn = 1 << 10
	option.PipelineMultiplex = -1
	option.ClientTrackingOptions = []string{"BCAST", "NOLOOP"}
	if to.prefix != "" {
		option.ClientTrackingOptions = append(option.ClientTrackingOptions, "PREFIX", to.prefix)
	}
	option.OnInvalidations = func(messages []rueidis.RedisMessage) {
		if messages == nil { // a connection was lost, or a database flushed
			to.changed()
			return
		}
		if keys := keysOf(messages); len(keys) > 0 {
			to.changed(keys...)
		}
	}
	return option
}

// keysOf are the keys of entries among those that have changed.
func keysOf(messages []rueidis.RedisMessage) []string {
	keys := make([]string, 0, len(messages))
	for i := range messages {
		if key, err := messages[i].ToString(); err == nil && !strings.HasSuffix(key, leaseSuffix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// connectBus makes a client beside which changes are told over a channel. why is
// the reason for that.
func (d *dialer) connectBus(to told, why error) (rueidis.Client, error) {
	c, err := d.open(d.option)
	if err != nil {
		return nil, err
	}
	// The channel has a connection of its own, made anew each time: rueidis does
	// not mend one that is for channels alone, as it has for RESP2.
	own := func() (rueidis.Client, func(), error) {
		c, err := d.open(d.option)
		return c, func() { c.Close() }, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.backend.most())
	defer cancel()
	err = d.backend.watch.begin(ctx, d.backend, c, to, own)
	if err == nil {
		return c, nil
	}
	c.Close()
	if why != nil {
		err = &unable{fmt.Errorf("%w; and %s", err, whyNot(why))}
	}
	return nil, err
}

// whyNot tells why the server does not tell changes.
func whyNot(err error) string {
	answer, _, refused := strings.Cut(err.Error(), "\n")
	if !refused {
		return "tracking is not possible: the server, or what stands before it, does not speak RESP3"
	}
	return "tracking is not possible: " + answer
}

// unable is why a Watch will never work.
type unable struct{ err error }

func (u *unable) Error() string        { return u.err.Error() }
func (u *unable) Unwrap() error        { return u.err }
func (u *unable) Is(target error) bool { return target == errors.ErrUnsupported }

// begin starts a bus, unless one runs already.
func (w *watch) begin(ctx context.Context, b *Backend, c rueidis.Client, to told, subscriber subscriber) error {
	bus := newBus(b, c, to, subscriber)
	if err := bus.start(ctx); err != nil {
		bus.stop()
		return err
	}
	w.voice.Store(bus.voice)
	return nil
}

func (w *watch) stop() {
	if v := w.voice.Load(); v != nil {
		v.stop()
	}
}
