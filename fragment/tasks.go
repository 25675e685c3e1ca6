package fragment

import (
	"context"
	"sync"
	"time"
)

// tasks are the goroutines that a Cache has started. They end with life.
type tasks struct {
	life   context.Context // ends when the Cache is closed
	end    context.CancelFunc
	mu     sync.Mutex
	closed bool          // guarded by mu, as what follows
	many   int           // that run
	idle   chan struct{} // closed when none runs any more, after close
}

func newTasks() *tasks {
	t := &tasks{idle: make(chan struct{})}
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// run runs f on a goroutine of its own; it reports false after close.
func (t *tasks) run(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.many++
	go func() {
		defer t.done()
		f()
	}()
	return true
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.many--; t.closed && t.many == 0 {
		close(t.idle)
	}
}

// close ends life and waits until none runs, but not longer than patience.
func (t *tasks) close(patience time.Duration) {
	t.mu.Lock()
	t.closed = true
	if t.many == 0 {
		close(t.idle)
	}
	t.mu.Unlock()
	t.end()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-t.idle:
	case <-timer.C:
	}
}
