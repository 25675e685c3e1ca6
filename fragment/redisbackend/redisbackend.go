package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
)

// A Backend keeps entries in Redis. It is made by New, by Dial or, behind a
// fragment.Cache, by a URL. It is safe for concurrent use.
type Backend struct {
	options Options
	place   string // for errors
	user    string // for errors
	link    link
	gate    *gate
	watch   watch
	dialer  *dialer // nil with a foreign client
	foreign bool    // the client is somebody else's
}

// New returns a Backend over a client, which stays the caller's: Close does not
// close it. Of the Options, only MaxValue, Ping and Watch are looked at, and
// WatchTracking is not possible, as a client is made for that or not. What the
// client does in faults, such as to try a read again as long as its ctx lasts, is
// its owner's choice.
func New(client rueidis.Client, o Options) (*Backend, error) {
	if client == nil {
		return nil, errors.New("redisbackend: new: the client is nil: want one of rueidis.NewClient, or use Dial")
	}
	if o.Watch == WatchTracking {
		return nil, errors.New("redisbackend: new: Options.Watch is WatchTracking: want WatchPubSub with a client that is made already, or use Dial")
	}
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	b.foreign, b.place = true, "the server of a given client"
	b.link.made.Store(&client)
	return b, nil
}

// Dial returns a Backend that makes its client when it is first used, and tries
// again when that fails. Of c, what the Options speak of is set by them; see Ping
// for how to learn at once whether the server can be reached. There is one
// connection a node, unless c.PipelineMultiplex asks for more. A cluster is told
// from a single server as rueidis.NewClient does: see ClientOption.InitAddress.
func Dial(c rueidis.ClientOption, o Options) (*Backend, error) {
	if len(c.InitAddress) == 0 {
		return nil, errors.New("redisbackend: dial: ClientOption.InitAddress is empty: want addresses such as localhost:6379")
	}
	return dial(c, o, false)
}

// dial is Dial; with isCluster it is an error if the servers are none.
func dial(c rueidis.ClientOption, o Options, isCluster bool) (*Backend, error) {
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	b.place, b.user = placeOf(c.InitAddress), c.Username
	b.dialer = &dialer{backend: b, option: b.options.client(c), isCluster: isCluster}
	b.dialer.option.DialCtxFn = b.dialer.dialing(b.dialer.option.DialCtxFn)
	b.link.connect = b.dialer.connect
	return b, nil
}

func newBackend(o Options) (*Backend, error) {
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("redisbackend: Options.%s %s", option, why)
	}
	return &Backend{options: o.filled(), gate: newGate()}, nil
}

// Get implements fragment.Backend. A key that holds something other than a string
// is an error.
func (b *Backend) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	c, err := b.enter(ctx)
	if err != nil {
		return nil, false, b.fault("get", err)
	}
	value, err = b.do(ctx, c, c.B().Get().Key(key).Build()).AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, b.fault("get", err)
	}
	return value, true, nil
}

// Set implements fragment.Backend.
func (b *Backend) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := b.fits(value); err != nil {
		return err
	}
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("set", err)
	}
	return b.fault("set", b.write(ctx, c, setting(c, key, value, ttl, false), key).Error())
}

// Delete implements fragment.Backend.
func (b *Backend) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("delete", err)
	}
	if c.Mode() != rueidis.ClientModeCluster {
		return b.fault("delete", b.write(ctx, c, c.B().Unlink().Key(keys...).Build(), keys...).Error())
	}
	cmds := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		cmds[i] = c.B().Unlink().Key(key).Build()
	}
	return b.fault("delete", firstError(b.writeMany(ctx, c, cmds, keys)))
}

// Ping reports whether the server answers and lets us in. It connects if nothing
// has connected yet.
func (b *Backend) Ping(ctx context.Context) error {
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("ping", err)
	}
	err = b.do(ctx, c, c.B().Ping().Build()).Error()
	if v := b.watch.voice.Load(); v != nil && err == nil {
		err = v.sign(ctx)
	}
	return b.fault("ping", err)
}

const (
	closePatience = 5 * time.Second

	// longest is the ttl from which on an entry is kept without an end.
	longest = 250 * 365 * 24 * time.Hour
)

// Close implements fragment.Backend. It waits for calls that are under way, but
// not for long. A client that New was given stays open.
func (b *Backend) Close() error {
	if !b.gate.shutDown() {
		return nil
	}
	b.watch.stop()
	// rueidis forgets a connection that a call makes beside Close.
	select {
	case <-b.gate.drained:
	case <-time.After(closePatience):
	}
	if c := b.link.close(); c != nil && !b.foreign {
		c.Close()
	}
	b.watch.stop() // that of a client which was being made
	return nil
}

var errClosed = errors.New("the backend is closed")

// setting is the command that stores an entry; with isNew, only where there is
// none.
func setting(c rueidis.Client, key string, value []byte, ttl time.Duration, isNew bool) (cmd rueidis.Completed) {
	set := c.B().Set().Key(key).Value(rueidis.BinaryString(value))
	switch {
	case isNew && ttl >= longest:
		cmd = set.Nx().Build()
	case isNew:
		cmd = set.Nx().PxMilliseconds(milliseconds(ttl)).Build()
	case ttl >= longest:
		cmd = set.Build()
	default:
		cmd = set.PxMilliseconds(milliseconds(ttl)).Build()
	}
	if len(value) >= large {
		// A server refuses what is too large for it before it has read all of it.
		// rueidis takes that for the end of the command, and would use it for the
		// next one while it still writes this one.
		cmd = cmd.Pin()
	}
	return cmd
}

// large is below what any server can be told to refuse.
const large = 512 << 10

// milliseconds rounds up: nothing may end before its time, and 0 is refused.
func milliseconds(ttl time.Duration) int64 {
	return max(1, int64((ttl-1)/time.Millisecond)+1)
}

func (b *Backend) fits(value []byte) error {
	if len(value) > b.options.MaxValue {
		return fmt.Errorf("redisbackend: set: %d bytes, and the limit is %d: %w", len(value), b.options.MaxValue, fragment.ErrTooLarge)
	}
	return nil
}
