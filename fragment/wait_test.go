package fragment_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// together calls f n times at once and waits for all.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func TestTwoHundredCallersFillOnce(t *testing.T) {
	for name, b := range map[string]fragment.Backend{
		"local": local{newMemory()}, "remote": newMemory(), "null": fragment.Null(),
	} {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			c, k, start := open(t, b, fragment.Options{}), fragment.KeyOf("k"), time.Now()
			together(200, func(int) {
				wantDo(t, c, k, fragment.Policy{}, counted(&runs, takes(time.Second, "v")), "v")
			})
			if runs.Load() != 1 || time.Since(start) != time.Second {
				t.Errorf("%s: %d fills in %v, want one in 1s", name, runs.Load(), time.Since(start))
			}
			if s := c.Stats(); s.Waits != 199 {
				t.Errorf("%s: %d waited, want 199", name, s.Waits)
			}
		})
	}
}

// The error of the leader is that of its waiters, also long after a Clear.
func TestWaitersShareTheError(t *testing.T) {
	for _, cleared := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
			if cleared {
				must(t, c.Clear(t.Context()))
				must(t, c.InvalidateTags(t.Context(), "t"))
			}
			together(200, func(int) {
				slow := func(context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return nil, errFill
				}
				_, err := c.Do(t.Context(), k, fragment.Policy{Tags: []string{"t"}}, counted(&runs, slow))
				if err != errFill {
					t.Errorf("error %v, want that of the fill", err)
				}
			})
			if runs.Load() != 1 {
				t.Errorf("cleared %t: %d fills, want one", cleared, runs.Load())
			}
		})
	}
}

func TestWaitersGetACopyOfWhatWasFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, buf := fresh(t, fragment.Options{}), fragment.KeyOf("k"), make([]byte, 5)
		var wg sync.WaitGroup
		wg.Go(func() {
			wantDo(t, c, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				copy(buf, "value")
				return buf, nil
			}, "value")
			copy(buf, "-----")
		})
		for range 20 {
			wg.Go(func() {
				time.Sleep(time.Millisecond)
				got, err := c.Do(t.Context(), k, fragment.Policy{}, fails)
				must(t, err)
				time.Sleep(time.Minute)
				if string(got) != "value" {
					t.Errorf("a waiter holds %q", got)
				}
			})
		}
		wg.Wait()
	})
}

func TestWaiterLeavesByItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, start := fresh(t, fragment.Options{}), fragment.KeyOf("k"), time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, takes(5*time.Second, "v"), "v") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Do(ctx, k, fragment.Policy{}, fails); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the ctx", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("it waited %v, want 1s", waited)
		}
		wg.Wait()
		wantGet(t, c, k, "v")
	})
}

// A leader who cannot end its fill hands over to one of its waiters: each of
// them fills for itself in this test, and the last one for the rest.
func TestLeaderHandsOver(t *testing.T) {
	gaveUp, cancelAll := context.WithCancel(t.Context())
	cancelAll()
	ways := map[string]func(c *fragment.Cache, k fragment.Key){
		"cancelled": func(c *fragment.Cache, k fragment.Key) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := c.Do(ctx, k, fragment.Policy{}, takes(time.Hour, "late"))
			wantErr(t, "cancelled leader", err, context.DeadlineExceeded)
		},
		"another error after its end": func(c *fragment.Cache, k fragment.Key) {
			_, err := c.Do(gaveUp, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				return nil, errFill
			})
			wantErr(t, "cancelled leader", err, errFill)
		},
		"panics": func(c *fragment.Cache, k fragment.Key) {
			p := panicOf(func() {
				c.Do(t.Context(), k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return panics(ctx)
				})
			})
			if p != "oh no" {
				t.Errorf("recovered %v", p)
			}
		},
		"exits": func(c *fragment.Cache, k fragment.Key) {
			c.Do(t.Context(), k, fragment.Policy{}, func(context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				runtime.Goexit()
				return nil, nil
			})
		},
	}
	for name, lead := range ways {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			c, k, start := fresh(t, fragment.Options{}), fragment.KeyOf("k"), time.Now()
			go lead(c, k)
			synctest.Wait()
			together(100, func(int) {
				wantDo(t, c, k, fragment.Policy{}, counted(&runs, takes(time.Second, "v")), "v")
			})
			if runs.Load() != 1 || time.Since(start) != 2*time.Second {
				t.Errorf("%s: %d waiters filled, within %v; want one, 2s", name, runs.Load(), time.Since(start))
			}
		})
	}
}
