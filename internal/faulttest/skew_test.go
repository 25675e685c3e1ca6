package faulttest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A clocked is a Backend that processes share whose clocks differ from each other:
// it has one of its own, which only a test moves.
type clocked struct {
	mu   sync.Mutex
	now  time.Duration
	kept map[string]kept // guarded by mu, as now
}

type kept struct {
	value []byte
	until time.Duration
}

// pass lets time pass on the clock of the server.
func (c *clocked) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

func (c *clocked) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.kept[key]
	if !ok || c.now >= one.until {
		return nil, false, nil
	}
	return one.value, true, nil
}

func (c *clocked) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.now + ttl
	if ttl == fragment.Forever {
		until = fragment.Forever
	}
	c.kept[key] = kept{value, until}
	return nil
}

func (c *clocked) Delete(_ context.Context, keys ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.kept, key)
	}
	return nil
}

func (c *clocked) Close() error { return nil }

// A process runs in a bubble, and so has a clock of its own, which begins in the
// year 2000 and is ahead of that by so much. It stands still while steps are handed
// in, as those come from outside of the bubble.
type process struct {
	steps chan func(*fragment.Cache)
	ended chan struct{}
}

func newProcess(t *testing.T, name string, server *clocked, ahead time.Duration) *process {
	p := &process{steps: make(chan func(*fragment.Cache)), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(ahead)
				cache, err := fragment.New(server, fragment.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer cache.Close()
				for step := range p.steps {
					step(cache)
				}
			})
		})
	}()
	return p
}

// do runs a step in the process, and waits for its end.
func (p *process) do(step func(*fragment.Cache)) {
	done := make(chan struct{})
	p.steps <- func(c *fragment.Cache) {
		defer close(done)
		step(c)
	}
	<-done
}

// pass lets time pass on the clock of the process.
func (p *process) pass(d time.Duration) { p.do(func(*fragment.Cache) { time.Sleep(d) }) }

// shows returns what the process shows, which is value if it has to fill.
func (p *process) shows(value string) (got string) {
	policy := fragment.Policy{TTL: skewedTTL, Tags: []string{"t"}}
	p.do(func(c *fragment.Cache) {
		raw, err := c.Do(context.Background(), fragment.KeyOf("k"), policy, func(context.Context) ([]byte, error) {
			return []byte(value), nil
		})
		got = fmt.Sprint(string(raw), err)
	})
	return got
}

const (
	skewedTTL = 10 * time.Minute
	skew      = 7 * time.Minute
)

// Clocks that differ make an entry fresh for longer, or shorter, by as much as they
// differ, but never for longer than the server keeps it; and what is invalidated is
// so at once, as stamps know no time.
func TestClockSkew(t *testing.T) {
	server := &clocked{kept: make(map[string]kept)}
	ahead, behind := newProcess(t, "ahead", server, skew), newProcess(t, "behind", server, 0)
	defer func() {
		for _, p := range []*process{ahead, behind} {
			close(p.steps)
			<-p.ended
		}
	}()
	pass := func(d time.Duration) {
		for _, f := range []func(time.Duration){server.pass, ahead.pass, behind.pass} {
			f(d)
		}
	}
	want := func(when string, p *process, fill, want string) {
		t.Helper()
		if got := p.shows(fill); got != want+"<nil>" {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	behind.shows("1")
	want("what is written by a clock behind, at once", ahead, "", "1")
	pass(skewedTTL - skew - time.Second)
	want("that, before it is old by the clock ahead", ahead, "", "1")
	pass(2 * time.Second)
	want("that, after it", ahead, "2", "2")
	want("what is written by a clock ahead", behind, "", "2")
	pass(skewedTTL - time.Second)
	want("that, before the server drops it", behind, "", "2")
	pass(2 * time.Second)
	want("that, after it, though it is fresh by the clock behind", behind, "3", "3")
	for i, p := range []*process{ahead, behind, ahead} {
		p.do(func(c *fragment.Cache) {
			if err := c.InvalidateTags(context.Background(), "t"); err != nil {
				t.Error(err)
			}
		})
		fill := fmt.Sprint(10 + i)
		want("what was invalidated, where the clock is ahead", ahead, fill, fill)
		want("what came after that, where it is behind", behind, "", fill)
	}
}
