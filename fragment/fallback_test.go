package fragment_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// newFallback is two processes on one server, of which the first falls back to
// its own memory.
func newFallback(t *testing.T) (p *processes, c, other *fragment.Cache) {
	p = newProcesses(t, 1, fragment.Options{})
	p.conns = append(p.conns, p.server.Connect())
	c = open(t, p.conns[1], fragment.Options{Fallback: fresh(t, fragment.Options{}), Observe: p.seen.Observe})
	return p, c, p.caches[0]
}

// down cuts off c and waits until it knows that.
func (p *processes) down(c *fragment.Cache) {
	p.Helper()
	p.conns[1].Cut()
	for i := 0; !fragment.HeldBy(c).Down; i++ {
		if i > 10 {
			p.Fatal("the breaker stays closed")
		}
		c.Get(p.Context(), fragment.KeyOf("probe"))
	}
}

// up mends it and waits until it is asked again.
func (p *processes) up(c *fragment.Cache) {
	p.Helper()
	p.conns[1].Mend()
	for i := 0; fragment.HeldBy(c).Down; i++ {
		if i > 100 {
			p.Fatal("the breaker stays open")
		}
		time.Sleep(time.Second)
	}
}

func TestFallbackServesWhileTheBackendIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c, other := newFallback(t)
		k, l, ctx := fragment.KeyOf("k"), fragment.KeyOf("l"), t.Context()
		wantDo(t, c, k, withTags("t"), give("before"), "before")
		p.down(c)
		wantDo(t, c, k, withTags("t"), give("meanwhile"), "meanwhile")
		wantDo(t, c, k, withTags("t"), fails, "meanwhile")
		wantGet(t, c, k, "meanwhile")
		must(t, c.Set(ctx, l, []byte("set"), withTags()))
		wantGet(t, c, l, "set")
		answers, err := c.DoMany(ctx, []fragment.Key{k, l}, withTags(), func(context.Context, []int) ([]fragment.Filled, error) { return nil, errFill })
		if must(t, err); string(answers[0].Value) != "meanwhile" || string(answers[1].Value) != "set" {
			t.Errorf("DoMany: %+v", answers)
		}
		if got, err := c.GetMany(ctx, []fragment.Key{k, l}); len(got) != 2 || err != nil {
			t.Errorf("GetMany: %v, %v", got, err)
		}
		if ok, err := c.Has(ctx, k); !ok || err != nil {
			t.Errorf("Has: %v, %v", ok, err)
		}
		if left, _, _ := c.TTL(ctx, k); left > 10*time.Second {
			t.Errorf("it stays for %v, and nobody hears of what is invalidated elsewhere", left)
		}
		wantGet(t, other, k, "before")
		p.up(c)
		wantGet(t, c, k, "before") // nobody has invalidated that
		wantGet(t, c, l, "-")
		p.down(c)
		wantGet(t, c, k, "-") // of the time before
	})
}

// What is invalidated while the Backend is down, or while it is not, comes back
// from neither side.
func TestFallbackBringsNothingBack(t *testing.T) {
	k := fragment.KeyOf("k")
	for what, free := range map[string]func(ctx context.Context, c *fragment.Cache) error{
		"Delete":         func(ctx context.Context, c *fragment.Cache) error { return c.Delete(ctx, k) },
		"InvalidateTags": func(ctx context.Context, c *fragment.Cache) error { return c.InvalidateTags(ctx, "t") },
		"Clear":          func(ctx context.Context, c *fragment.Cache) error { return c.Clear(ctx) },
		"Expire":         func(ctx context.Context, c *fragment.Cache) error { return c.Expire(ctx, k) },
	} {
		synctest.Test(t, func(t *testing.T) {
			p, c, other := newFallback(t)
			ctx := t.Context()
			wantDo(t, c, k, withTags("t"), give("old"), "old")
			p.down(c)
			wantDo(t, c, k, withTags("t"), give("old"), "old")
			if err := free(ctx, c); !errors.Is(err, fragment.ErrDown) && what != "Expire" {
				t.Errorf("%s while it is down: error %v, want that others were not told", what, err)
			}
			wantGet(t, c, k, "-")
			p.up(c)
			if what != "Expire" { // whose error said so
				wantGet(t, c, k, "-")
			}
			must(t, errors.Join(c.Delete(ctx, k), other.Delete(ctx, k)))

			wantDo(t, c, k, withTags("t"), give("old"), "old")
			p.down(c)
			wantDo(t, c, k, withTags("t"), give("old"), "old")
			p.up(c)
			must(t, free(ctx, other))
			wantGet(t, c, k, "-")
			p.down(c)
			wantGet(t, c, k, "-")
		})
	}
}

// A failed Expire is told: what was to expire may be fresh when the Backend is
// back.
func TestExpireAndTouchTellThatTheyCouldNot(t *testing.T) {
	p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
	c, ctx := p.caches[0], t.Context()
	wantDo(t, c, k, withTags(), give("v"), "v")
	p.server.Down()
	if err := c.Expire(ctx, k); err == nil {
		t.Error("Expire: no error")
	}
	if ok, err := c.Touch(ctx, k, withTags()); ok || err == nil {
		t.Errorf("Touch: %v, %v", ok, err)
	}
}

func TestFallbackOptions(t *testing.T) {
	conn, other := fragmenttest.NewServer().Connect(), fresh(t, fragment.Options{})
	var r fragment.Registry
	for _, bad := range []struct {
		b    fragment.Backend
		o    fragment.Options
		want string
	}{
		{fragmenttest.NewMemory(), fragment.Options{Fallback: other}, "leave Fallback out"},
		{conn, fragment.Options{FallbackTTL: 1}, "Options.Fallback, which is nil"},
		{conn, fragment.Options{Fallback: other, FallbackTTL: -1}, "FallbackTTL is -1ns"},
		{conn, fragment.Options{Fallback: r.Cache("later")}, "not open"},
		{conn, fragment.Options{Fallback: other, MaxFaults: -1}, "MaxFaults"},
	} {
		if _, err := fragment.New(bad.b, bad.o); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("error %v, want %q in it", err, bad.want)
		}
	}
}

// A Cache closes its fallback.
func TestCloseClosesTheFallback(t *testing.T) {
	other := open(t, fragmenttest.NewMemory(), fragment.Options{})
	c := open(t, fragmenttest.NewServer().Connect(), fragment.Options{Fallback: other})
	must(t, c.Close())
	if _, _, err := other.Get(t.Context(), fragment.KeyOf("k")); !errors.Is(err, fragment.ErrClosed) {
		t.Errorf("error %v", err)
	}
}
