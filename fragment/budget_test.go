package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// hanging is a Backend that answers when its caller's ctx ends, and not before.
func hanging(kinds ...string) *meddler {
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	m := &meddler{Backend: newMemory()}
	for _, kind := range kinds {
		switch kind {
		case "get":
			m.get = func(ctx context.Context, _ string) error { return hang(ctx) }
		case "set":
			m.set = func(ctx context.Context, _ string) error { return hang(ctx) }
		case "delete":
			m.remove = func(ctx context.Context, _ []string) error { return hang(ctx) }
		}
	}
	return m
}

const (
	readBudget  = 100 * time.Millisecond
	writeBudget = time.Second
)

// took runs f and tests how long it takes.
func took(t *testing.T, want time.Duration, doing string, f func() error, wantErr error) {
	t.Helper()
	start := time.Now()
	err := f()
	if d := time.Since(start); d != want {
		t.Errorf("%s took %v, want %v", doing, d, want)
	}
	if !errors.Is(err, wantErr) || wantErr == nil && err != nil {
		t.Errorf("%s: error %v, want %v", doing, err, wantErr)
	}
}

// A Backend that hangs costs a page a tenth of a second, and who writes one
// second.
func TestHangingBackendCostsItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		c := open(t, hanging("get", "set", "delete"), fragment.Options{Observe: w.observe, MaxFaults: -1})
		ctx, k, p, late := t.Context(), fragment.KeyOf("k"), fragment.Policy{}, context.DeadlineExceeded
		took(t, readBudget, "Do", func() error { _, err := c.Do(ctx, k, p, give("v")); return err }, nil)
		if faults := w.events(fragment.EventFault); len(faults) != 1 {
			t.Errorf("faults: %v, want one of the read: nothing is written after it", faults)
		}
		took(t, readBudget, "Get", func() error { _, _, err := c.Get(ctx, k); return err }, nil)
		took(t, readBudget, "Has", func() error { _, err := c.Has(ctx, k); return err }, nil)
		took(t, readBudget, "GetMany", func() error { _, err := c.GetMany(ctx, []fragment.Key{k, body, head}); return err }, nil)
		took(t, writeBudget, "Set", func() error { return c.Set(ctx, k, nil, p) }, late)
		took(t, writeBudget, "SetMany", func() error { return c.SetMany(ctx, map[fragment.Key][]byte{k: nil, body: nil}, p) }, late)
		took(t, writeBudget, "Delete", func() error { return c.Delete(ctx, k, body) }, late)
		took(t, readBudget, "Touch", func() error { _, err := c.Touch(ctx, k, p); return err }, fragment.ErrUnread)
		took(t, readBudget, "Expire", func() error { return c.Expire(ctx, k) }, fragment.ErrUnread)
		took(t, writeBudget, "InvalidateTags", func() error { return c.InvalidateTags(ctx, "t") }, late)
		took(t, writeBudget, "Clear", func() error { return c.Clear(ctx) }, late)
	})
}

// Two hundred callers of one page do not hang one after the other.
func TestHangingBackendHoldsUpCallersTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, start := open(t, hanging("get", "set"), fragment.Options{}), time.Now()
		together(200, func(int) { wantDo(t, c, fragment.KeyOf("k"), fragment.Policy{}, give("v"), "v") })
		if d := time.Since(start); d > 2*readBudget+writeBudget {
			t.Errorf("200 callers took %v", d)
		}
	})
}

// Nor do writers of one key wait for each other beyond the budget of each.
func TestWritersOfOneKeyShareTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		c := open(t, hanging("set", "delete"), fragment.Options{Observe: w.observe, MaxFaults: -1})
		ctx, k, p, late := t.Context(), fragment.KeyOf("k"), fragment.Policy{}, context.DeadlineExceeded
		together(10, func(int) {
			took(t, writeBudget, "Set", func() error { return c.Set(ctx, k, nil, p) }, late)
			took(t, writeBudget, "Delete", func() error { return c.Delete(ctx, body, k, head) }, late)
		})
		var wg sync.WaitGroup
		wg.Go(func() { c.Set(ctx, k, nil, p) })
		synctest.Wait()
		w.take()
		took(t, writeBudget, "Do", func() error { _, err := c.Do(ctx, k, p, give("v")); return err }, nil)
		wg.Wait()
		if faults := w.events(fragment.EventFault); len(faults) == 0 {
			t.Error("a Do that could not write told no fault")
		}
	})
}

// A read ends with its caller; that is no fault of the Backend.
func TestCallerWhoLeavesDuringARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		c := open(t, hanging("get"), fragment.Options{Observe: w.observe})
		ctx, cancel := context.WithTimeout(t.Context(), readBudget/2)
		defer cancel()
		took(t, readBudget/2, "Do", func() error {
			_, err := c.Do(ctx, fragment.KeyOf("k"), fragment.Policy{}, takes(time.Hour, "v"))
			return err
		}, context.DeadlineExceeded)
		if faults := w.events(fragment.EventFault); len(faults) != 0 {
			t.Errorf("faults: %v", faults)
		}
	})
}

// A write does not end with its caller.
func TestCallerWhoLeavesDuringAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &meddler{Backend: newMemory(), set: func(ctx context.Context, _ string) error {
			select {
			case <-time.After(writeBudget / 4):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		c, k := open(t, slow, fragment.Options{}), fragment.KeyOf("k")
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := do(t, ctx, c, k, fragment.Policy{}, give("v")); got != "v" {
				t.Errorf("Do = %q", got)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		wantGet(t, c, k, "v")
		ended, end := context.WithCancel(t.Context())
		end()
		wantErr(t, "Set", c.Set(ended, k, []byte("w"), fragment.Policy{}), nil)
		wantGet(t, c, k, "w")
		wantErr(t, "Delete", c.Delete(ended, k), nil)
		wantGet(t, c, k, "-")
	})
}

// A Backend of this process gets the ctx of the caller without a deadline.
func TestLocalBackendHasNoDeadline(t *testing.T) {
	for _, inProcess := range []bool{true, false} {
		note := func(ctx context.Context) error {
			if _, limited := ctx.Deadline(); limited == inProcess {
				t.Errorf("in process %t: the ctx has a deadline: %t", inProcess, limited)
			}
			return nil
		}
		var b fragment.Backend = &meddler{
			Backend: newMemory(),
			get:     func(ctx context.Context, _ string) error { return note(ctx) },
			set:     func(ctx context.Context, _ string) error { return note(ctx) },
			remove:  func(ctx context.Context, _ []string) error { return note(ctx) },
		}
		if inProcess {
			b = local{b}
		}
		ctx, c, k := context.Background(), open(t, b, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, fragment.Policy{}, give("v"), "v")
		_, err := c.GetMany(ctx, []fragment.Key{k})
		must(t, err)
		must(t, c.Set(ctx, k, nil, fragment.Policy{}))
		must(t, c.Expire(ctx, k))
		must(t, c.Delete(ctx, k))
	}
}

// All that a Set does shares one budget, also what it does only because the stamp
// of a tag was blocked first and lost then.
func TestBudgetIsOneForAllOfASet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newSteppers(t, 1, fragment.Options{}), fragment.KeyOf("k")
		c, conn := p.caches[0], p.conns[0]
		must(t, c.Set(t.Context(), k, nil, withTags()))
		known := p.server.Keys()
		must(t, c.Set(t.Context(), k, nil, withTags("t")))
		slot := p.server.Keys()[slices.IndexFunc(p.server.Keys(), func(key string) bool { return !slices.Contains(known, key) })]
		p.server.Put(slot, bytes.Repeat([]byte{0xff}, 8))
		conn.after = func(at step) {
			switch at {
			case stampsKeys:
				time.Sleep(writeBudget * 9 / 10)
			case readsStamps:
				p.server.Evict(func(key string) bool { return key == slot })
			}
		}
		conn.before = first(createsStamp, conn.Hang)
		took(t, writeBudget, "Set", func() error { return c.Set(t.Context(), k, nil, withTags("t")) }, context.DeadlineExceeded)
	})
}
