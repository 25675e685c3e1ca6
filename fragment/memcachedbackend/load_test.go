package memcachedbackend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A load is of rows, whose versions only grow, and of pages that show two of them.
type load struct {
	*trio
	rows    [20]atomic.Int64
	floors  [2][20]atomic.Int64 // what each process must show at least
	asked   atomic.Int64
	fills   atomic.Int64
	failed  atomic.Int64 // announcements
	told    atomic.Int64
	slowest atomic.Int64
}

func newLoad(three *trio) *load { return &load{trio: three} }

// ask asks a process for pages and tests them.
func (l *load) ask(end <-chan struct{}, process int) {
	for {
		select {
		case <-end:
			return
		default:
		}
		a, b := rand.IntN(len(l.rows)), rand.IntN(len(l.rows))
		floorA, floorB := l.floors[process][a].Load(), l.floors[process][b].Load()
		began := time.Now()
		value, err := l.page(process, a, b)
		took := int64(time.Since(began))
		for old := l.slowest.Load(); old < took && !l.slowest.CompareAndSwap(old, took); old = l.slowest.Load() {
		}
		l.asked.Add(1)
		var gotA, gotB int64
		if fmt.Sscan(string(value), &gotA, &gotB); err != nil || gotA < floorA || gotB < floorB {
			l.Errorf("process %d: got %q, error %v, want versions from %d and %d on", process, value, err, floorA, floorB)
			return
		}
	}
}

// page shows two rows: one by a loader, whose tag it learns late.
func (l *load) page(process, a, b int) ([]byte, error) {
	c := l.caches[process]
	p := fragment.Policy{TTL: time.Hour, Tags: []string{tagNo(a)}}
	return c.Do(ctx, fragment.KeyOf("page", a, b), p, func(ctx context.Context) ([]byte, error) {
		l.fills.Add(1)
		own := l.rows[a].Load()
		other, err := c.Do(ctx, fragment.KeyOf("row", b), fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
			v := l.rows[b].Load()
			fragment.AddTags(ctx, tagNo(b))
			return fmt.Append(nil, v), nil
		})
		return fmt.Appendf(nil, "%d %s", own, other), err
	})
}

// announce changes rows, and lets the one process or the other say so.
func (l *load) announce(end <-chan struct{}) {
	for {
		select {
		case <-end:
			return
		case <-time.After(5 * time.Millisecond):
		}
		row, process := rand.IntN(len(l.rows)), rand.IntN(2)
		v := l.rows[row].Add(1)
		err := l.caches[process].InvalidateTags(ctx, tagNo(row))
		l.floors[process][row].Store(v)
		if err != nil {
			l.failed.Add(1)
			continue
		}
		l.told.Add(1)
		l.floors[1-process][row].Store(v)
	}
}

func (l *load) report() {
	l.Helper()
	l.Logf("%d pages, %d fills, %d announcements, %d more in vain; the slowest page took %v",
		l.asked.Load(), l.fills.Load(), l.told.Load(), l.failed.Load(), time.Duration(l.slowest.Load()).Round(time.Millisecond))
	if l.failed.Load() == 0 || l.told.Load() == 0 {
		l.Error("want announcements that are told, and some that are not")
	}
	if slowest := time.Duration(l.slowest.Load()); slowest > 3*time.Second {
		l.Errorf("the slowest page took %v, want at most some budgets of a call", slowest)
	}
}

// becomes waits until the last that both processes were told of a breaker is this.
func (l *load) becomes(state string) {
	l.Helper()
	for process := range l.caches {
		await(l.T, 5*time.Second, "a breaker that is "+state, func() bool {
			told := l.seen[process].Events(fragment.EventBreaker)
			return len(told) > 0 && told[len(told)-1].Reason == state
		})
	}
}

// Many ask while one server stands still, and another one is killed: nobody is shown
// what was announced as out of date, no page fails or waits for long.
func TestServersFailUnderLoad(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	load := newLoad(three)
	var all sync.WaitGroup
	end := make(chan struct{})
	for i := range 12 {
		all.Go(func() { load.ask(end, i%2) })
	}
	all.Go(func() { load.announce(end) })
	for i, s := range three.servers[:2] {
		if i == 1 {
			s.Kill()
		} else {
			s.Signal(syscall.SIGSTOP)
		}
		load.becomes("open")
		time.Sleep(500 * time.Millisecond) // of a site that goes on without it
		if i == 1 {
			s.Restart()
		} else {
			s.Signal(syscall.SIGCONT)
		}
		load.becomes("closed")
	}
	close(end)
	all.Wait()
	load.report()
	three.used()
}
