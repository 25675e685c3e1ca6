package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// A bus tells other Backends over a channel what this one changes, and hears what
// they do. A channel of Redis forgets what a subscriber misses. So each message
// has the name of its sender and a number, and each sender says every moment that
// it is there: what is missing is found out, and then anything may have changed.
type bus struct {
	*voice
	client     rueidis.Client // that publishes
	subscriber subscriber
	to         told
	heard      atomic.Uint64 // the highest of our own that came back
	came       chan struct{} // has a token when heard has changed
	others     senders
	witness    witness

	subscribed atomic.Bool
	outcome    chan error // of the first try to subscribe
	mu         sync.Mutex
	drop       context.CancelFunc // ends the subscription; guarded by mu
}

// A subscriber returns a client to subscribe with, and what to do after that.
type subscriber func() (c rueidis.Client, release func(), err error)

const leaveTime = time.Second

func newBus(b *Backend, c rueidis.Client, to told, s subscriber) *bus {
	return &bus{
		voice: newVoice(b, to.prefix), client: c, subscriber: s, to: to, witness: witness{key: witnessOf(to.prefix)},
		came: make(chan struct{}, 1), outcome: make(chan error, 1),
	}
}

// leaving subscribes with a client that is somebody else's.
func leaving(c rueidis.Client, channel string) subscriber {
	return func() (rueidis.Client, func(), error) {
		return c, func() {
			ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
			defer cancel()
			c.Do(ctx, c.B().Unsubscribe().Channel(channel).Build())
		}, nil
	}
}

// start subscribes, and returns an error if that, or to publish, is not allowed.
// Whatever else is wrong, it is tried again and again.
func (s *bus) start(ctx context.Context) error {
	s.loops.Go(s.receive)
	var err error
	select {
	case err = <-s.outcome:
	case <-ctx.Done():
	}
	if err == nil && s.subscribed.Load() {
		_, message := s.next(s.client, nil)
		err = s.publish(ctx, message)
	}
	var answer *rueidis.RedisError
	if errors.As(err, &answer) && !answer.IsLoading() {
		return &unable{fmt.Errorf("to tell changes over the channel %q is not allowed: %w", s.channel, err)}
	}
	if s.subscribed.Load() {
		s.flushed(ctx)
	}
	s.loops.Go(s.beat)
	return nil
}

func (s *bus) publish(ctx context.Context, message rueidis.Completed) error {
	if !s.backend.gate.enter() {
		return errClosed
	}
	return s.backend.do(ctx, s.client, message).Error()
}

// flushed reports whether somebody has emptied the database since the last look.
func (s *bus) flushed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	return s.backend.gate.enter() && s.witness.isAnother(ctx, s.backend, s.client)
}

// receive subscribes, again whenever that has ended.
func (s *bus) receive() {
	pause := minPause
	for s.ctx.Err() == nil {
		err := s.subscribe()
		if s.subscribed.Swap(false) {
			pause = minPause
		}
		s.settle(err)
		s.to.changed()
		sleep(s.ctx, pause)
		pause = min(2*pause, maxPause)
	}
}

// settle tells start how the first try went.
func (s *bus) settle(err error) {
	select {
	case s.outcome <- err:
	default:
	}
}

// subscribe hears messages until the subscription is lost.
func (s *bus) subscribe() error {
	c, release, err := s.subscriber()
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.mu.Lock()
	s.drop = cancel
	s.mu.Unlock()
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(p rueidis.PubSubSubscription) {
		if p.Kind == "subscribe" {
			s.begun()
		}
	})
	return c.Receive(ctx, c.B().Subscribe().Channel(s.channel).Build(), func(m rueidis.PubSubMessage) { s.hear(m.Message) })
}

// unsubscribe ends the subscription that there is.
func (s *bus) unsubscribe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drop != nil && s.subscribed.Load() {
		s.drop()
	}
}

// begun notes that each message comes in from now on. What came before is not
// known.
func (s *bus) begun() {
	s.others.forget()
	s.subscribed.Store(true)
	s.to.changed()
	s.settle(nil)
}

// hear takes a message.
func (s *bus) hear(text string) {
	words := strings.Split(text, " ")
	var number uint64
	var err error
	if len(words) > 1 {
		number, err = strconv.ParseUint(words[1], 10, 64)
	}
	switch {
	case number == 0 || err != nil:
		s.to.changed() // whatever that is meant to say
	case words[0] == s.id:
		s.heard.Store(max(number, s.heard.Load()))
		select {
		case s.came <- struct{}{}:
		default:
		}
	default:
		if s.others.missed(words[0], number, time.Now()) {
			s.to.changed()
		} else if len(words) > 2 {
			s.to.changed(words[2:]...)
		}
	}
}

// beat sends a sign of life every moment, and waits for it to come back: what
// does not come back in time shows that others' messages do not come either.
func (s *bus) beat() {
	for s.ctx.Err() == nil {
		began := time.Now()
		switch {
		case !s.comesBack():
			s.to.changed()
			s.unsubscribe()
		case s.others.overdue(time.Now()), s.flushed(s.ctx):
			s.to.changed()
		}
		sleep(s.ctx, s.every-time.Since(began))
	}
}

// comesBack sends a sign of life and reports whether it comes back.
func (s *bus) comesBack() bool {
	if !s.subscribed.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, pingPatience)
	defer cancel()
	number, message := s.next(s.client, nil)
	s.publish(ctx, message) // if it fails, it does not come back
	for s.heard.Load() < number {
		select {
		case <-s.came:
		case <-ctx.Done():
			return s.ctx.Err() != nil
		}
	}
	return true
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
