package redisbackend

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// A link has the client, which it makes when it is first asked for it, as rueidis
// connects at once. One goroutine at a time tries; who asks meanwhile waits for
// it as long as its ctx lasts, and who asks soon after a failure is told of that.
type link struct {
	made atomic.Pointer[rueidis.Client] // nil: not yet

	mu      sync.Mutex
	connect func() (rueidis.Client, error) // guarded by mu, as what follows
	trying  chan struct{}                  // closed when the try is over; nil: there is none
	err     error                          // of the last try
	failed  time.Time                      // when that was
	pause   time.Duration                  // after it
	closed  bool
}

const (
	minPause = 20 * time.Millisecond
	maxPause = time.Second
)

// client returns the client, or why there is none.
func (l *link) client(ctx context.Context) (rueidis.Client, error) {
	if c := l.made.Load(); c != nil {
		return *c, nil
	}
	trying, err := l.try()
	if err != nil {
		return nil, err
	}
	select {
	case <-trying:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := l.made.Load(); c != nil {
		return *c, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.err == nil {
		return nil, errClosed
	}
	return nil, l.err
}

// try begins to make a client, unless somebody does already, and returns what is
// closed when that is over.
func (l *link) try() (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, errClosed
	case l.trying != nil:
		return l.trying, nil
	case l.err != nil && time.Since(l.failed) < l.pause:
		return nil, l.err
	}
	l.trying = make(chan struct{})
	go l.run(l.connect)
	return l.trying, nil
}

func (l *link) run(connect func() (rueidis.Client, error)) {
	c, err := connect()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err = err; err != nil {
		l.failed, l.pause = time.Now(), min(max(2*l.pause, minPause), maxPause)
	} else {
		l.pause = 0
		l.made.Store(&c)
	}
	close(l.trying)
	l.trying = nil
}

// restart makes clients by connect from now on, and closes one that there is.
func (l *link) restart(connect func() (rueidis.Client, error)) {
	l.mu.Lock()
	trying := l.trying
	l.mu.Unlock()
	if trying != nil {
		<-trying
	}
	l.mu.Lock()
	l.connect, l.err = connect, nil
	before := l.made.Swap(nil)
	l.mu.Unlock()
	if before != nil {
		(*before).Close()
	}
}

// close ends the making of clients, waits for one that is under way, and returns
// what there is.
func (l *link) close() rueidis.Client {
	l.mu.Lock()
	l.closed = true
	trying := l.trying
	l.mu.Unlock()
	if trying != nil {
		<-trying
	}
	if c := l.made.Load(); c != nil {
		return *c
	}
	return nil
}
