package backendtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// cached is a Cache on the backend under test.
type cached struct {
	*fragment.Cache
	fills int
	keeps bool
}

func (s *subject) cache(t testing.TB) *cached {
	t.Helper()
	c, err := fragment.New(s.Backend, fragment.Options{Prefix: "backendtest"})
	if err != nil {
		t.Fatal(err)
	}
	return &cached{Cache: c, keeps: !s.KeepsNothing}
}

// do asks for k, to be filled with value, and requires want as the answer.
func (c *cached) do(t testing.TB, k fragment.Key, value, want string, tags ...string) {
	t.Helper()
	p := fragment.Policy{TTL: time.Hour, Tags: tags}
	got, err := c.Do(context.Background(), k, p, func(context.Context) ([]byte, error) {
		c.fills++
		return []byte(value), nil
	})
	if !c.keeps {
		want = value
	}
	if err != nil || string(got) != want {
		t.Errorf("Do: got %q, error %v, want %q", got, err, want)
	}
}

// want requires that k holds value.
func (c *cached) want(t testing.TB, k fragment.Key, value string) {
	t.Helper()
	got, ok, err := c.Get(context.Background(), k)
	switch {
	case err != nil:
		t.Errorf("Cache.Get: got error %v, want none", err)
	case ok != c.keeps:
		t.Errorf("Cache.Get: got ok %v, want %v", ok, c.keeps)
	case ok && string(got) != value:
		t.Errorf("Cache.Get: got %q, want %q", got, value)
	}
}

func (c *cached) wantMiss(t testing.TB, k fragment.Key, after string) {
	t.Helper()
	if got, ok, err := c.Get(context.Background(), k); ok || err != nil {
		t.Errorf("Cache.Get after %s: got %q, ok %v, error %v, want a miss", after, got, ok, err)
	}
}

func (c *cached) wantFills(t testing.TB, n int) {
	t.Helper()
	if c.keeps && c.fills != n {
		t.Errorf("got %d fills, want %d", c.fills, n)
	}
}

func (c *cached) wantNoFaults(t testing.TB) {
	t.Helper()
	if n := c.Stats().Faults; n != 0 {
		t.Errorf("Stats: got %d faults of the backend, want none", n)
	}
}

func wantNone(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got error %v, want none", what, err)
	}
}

func cacheFillsOnce(t testing.TB, s *subject) {
	c := s.cache(t)
	for i := range 20 {
		k := fragment.KeyOf("page", i, fmt.Sprint("part ", i), nil, time.Unix(int64(i), 0))
		value := string(pattern(i, i*50)) // empty, too
		for range 3 {
			c.do(t, k, value, value, "tag")
		}
		c.want(t, k, value)
	}
	c.wantFills(t, 20)
	c.wantNoFaults(t)
}

func cacheChanges(t testing.TB, s *subject) {
	ctx, c := context.Background(), s.cache(t)
	k, k2 := fragment.KeyOf("page", 1), fragment.KeyOf("page", "1")
	wantNone(t, "Cache.Set", c.Set(ctx, k, []byte("one"), fragment.Policy{}))
	c.want(t, k, "one")
	c.wantMiss(t, k2, "a Set of another key")
	wantNone(t, "Cache.SetMany", c.SetMany(ctx, map[fragment.Key][]byte{k: []byte("two"), k2: nil}, fragment.Policy{TTL: fragment.Forever}))
	found, err := c.GetMany(ctx, []fragment.Key{k, k2, fragment.KeyOf("absent")})
	wantNone(t, "Cache.GetMany", err)
	if value, ok := found[k2]; c.keeps && (len(found) != 2 || string(found[k]) != "two" || !ok || len(value) != 0) {
		t.Errorf("Cache.GetMany: got %q, want the two that were set", found)
	}
	wantNone(t, "Cache.Delete", c.Delete(ctx, k, k2, fragment.KeyOf("absent")))
	c.wantMiss(t, k, "Delete")
	c.wantMiss(t, k2, "Delete")

	wantNone(t, "Cache.Set", c.Set(ctx, k, []byte("brief"), fragment.Policy{TTL: time.Millisecond}))
	time.Sleep(5 * time.Millisecond) // a server keeps real time
	c.wantMiss(t, k, "its TTL")
	c.do(t, k, "anew", "anew")
	c.want(t, k, "anew")
	c.wantNoFaults(t)
}

func cacheInvalidates(t testing.TB, s *subject) {
	ctx, c := context.Background(), s.cache(t)
	a, b := fragment.KeyOf("a"), fragment.KeyOf("b")
	c.do(t, a, "a1", "a1", "red", "blue")
	c.do(t, b, "b1", "b1", "green")
	wantNone(t, "Cache.InvalidateTags", c.InvalidateTags(ctx, "blue"))
	c.wantMiss(t, a, "InvalidateTags of its tag")
	c.want(t, b, "b1")
	c.do(t, a, "a2", "a2", "red", "blue")
	c.do(t, a, "a3", "a2", "red", "blue")

	wantNone(t, "Cache.Clear", c.Clear(ctx))
	c.wantMiss(t, a, "Clear")
	c.wantMiss(t, b, "Clear")
	c.do(t, b, "b2", "b2", "green")
	c.want(t, b, "b2")
	c.wantFills(t, 4)

	c.wantNoFaults(t)
}

// cacheShares tests what another process would see.
func cacheShares(t testing.TB, s *subject) {
	ctx, c, other := context.Background(), s.cache(t), s.cache(t)
	a, b := fragment.KeyOf("a"), fragment.KeyOf("b")
	c.do(t, a, "a1", "a1", "red")
	if _, ok := s.Backend.(fragment.InProcess); ok {
		other.wantMiss(t, a, "it was stored by another Cache")
		return
	}
	other.want(t, a, "a1")
	wantNone(t, "Cache.InvalidateTags", other.InvalidateTags(ctx, "red"))
	c.wantMiss(t, a, "InvalidateTags in another process")
	c.do(t, a, "a2", "a2", "red")
	other.want(t, a, "a2")
	c.do(t, b, "b1", "b1")
	other.do(t, b, "b2", "b1")
	wantNone(t, "Cache.Delete", other.Delete(ctx, a))
	c.wantMiss(t, a, "Delete in another process")
	wantNone(t, "Cache.Clear", c.Clear(ctx))
	other.wantMiss(t, b, "Clear in another process")
	c.wantNoFaults(t)
	other.wantNoFaults(t)
}

func cacheTooLarge(t testing.TB, s *subject) {
	if s.TooLarge == 0 {
		return
	}
	ctx, c := context.Background(), s.cache(t)
	k, large := fragment.KeyOf("page"), string(pattern(1, s.TooLarge))
	c.do(t, k, large, large)
	c.wantMiss(t, k, "a fill that was too large")
	wantNone(t, "Cache.Set", c.Set(ctx, k, []byte("old"), fragment.Policy{}))
	if err := c.Set(ctx, k, []byte(large), fragment.Policy{}); !errors.Is(err, fragment.ErrTooLarge) {
		t.Errorf("Cache.Set of %d bytes: got error %v, want one that wraps fragment.ErrTooLarge", len(large), err)
	}
	c.wantMiss(t, k, "a Set that was too large")
}

func cacheSteps(t testing.TB, s *subject) {
	ctx, c := context.Background(), s.cache(t)
	added, counted := fragment.KeyOf("added"), fragment.KeyOf("counted")
	first, err := c.Add(ctx, added, []byte("first"), fragment.Policy{})
	if _, ok := s.Backend.(fragment.InProcess); !ok {
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Cache.Add: got error %v, want none or errors.ErrUnsupported", err)
		}
		return
	}
	second, err2 := c.Add(ctx, added, []byte("second"), fragment.Policy{})
	if err != nil || err2 != nil || !first || second == c.keeps {
		t.Errorf("Cache.Add twice: got %v %v, errors %v, %v", first, second, err, err2)
	}
	abreast(t, func(int) error {
		for range 50 {
			if _, err := c.Increment(ctx, counted, 2, fragment.Policy{}); err != nil {
				return fmt.Errorf("Cache.Increment: got error %w, want none", err)
			}
		}
		return nil
	})
	c.want(t, counted, fmt.Sprint(goroutines*50*2))
	c.wantNoFaults(t)
}
