package fragment_test

import (
	"context"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// writes calls every method that is to fail on a cache that cannot write.
func writes(ctx context.Context, c *fragment.Cache, k fragment.Key) map[string]error {
	p := fragment.Policy{}
	_, add := c.Add(ctx, k, nil, p)
	_, increment := c.Increment(ctx, k, 1, p)
	_, touch := c.Touch(ctx, k, p)
	return map[string]error{
		"Set": c.Set(ctx, k, nil, p), "SetMany": c.SetMany(ctx, map[fragment.Key][]byte{k: nil}, p), "Set, off": c.Set(ctx, k, nil, fragment.Policy{TTL: -1}),
		"Add": add, "Increment": increment, "Touch": touch, "Delete": c.Delete(ctx, k), "Expire": c.Expire(ctx, k),
		"Delete of nothing": c.Delete(ctx), "Expire of nothing": c.Expire(ctx), "SetMany of nothing": c.SetMany(ctx, nil, p),
	}
}

func TestClosedCache(t *testing.T) {
	ctx, m, k := t.Context(), newMemory(), fragment.KeyOf("k")
	c := open(t, local{m}, fragment.Options{})
	must(t, c.Set(ctx, k, []byte("stored"), fragment.Policy{}))
	must(t, c.Close())
	must(t, c.Close())
	if m.closes != 1 {
		t.Errorf("the backend was closed %d times, want once", m.closes)
	}
	wantDo(t, c, k, fragment.Policy{}, give("filled"), "filled")
	_, _, get := c.Get(ctx, k)
	_, has := c.Has(ctx, k)
	_, _, ttl := c.TTL(ctx, k)
	_, many := c.GetMany(ctx, []fragment.Key{k})
	for doing, err := range map[string]error{
		"Get": get, "Has": has, "TTL": ttl, "GetMany": many,
		"InvalidateTags": c.InvalidateTags(ctx, "t"), "Clear": c.Clear(ctx),
	} {
		wantErr(t, doing, err, fragment.ErrClosed)
	}
	for doing, err := range writes(ctx, c, k) {
		wantErr(t, doing, err, fragment.ErrClosed)
	}
	if s := c.Stats(); s.Stores != 1 {
		t.Errorf("Stats = %+v, want the counts of before", s)
	}
	if faults := c.Stats().Faults; faults != 0 {
		t.Errorf("%d faults", faults)
	}
}

// A cache that is closed costs the others of its Registry nothing.
func TestClosedSharedCacheInARegistry(t *testing.T) {
	server := fragmenttest.NewServer()
	var r fragment.Registry
	a := open(t, server.Connect(), fragment.Options{Prefix: "a"})
	b := open(t, server.Connect(), fragment.Options{Prefix: "b"})
	must(t, r.Use("a", a))
	must(t, r.Use("b", b))
	must(t, a.Close())
	wantErr(t, "InvalidateTags", r.InvalidateTags(t.Context(), "t"), fragment.ErrClosed) // whose others are not told
	wantErr(t, "Clear", r.Clear(t.Context()), fragment.ErrClosed)
	wantDo(t, b, body, withTags("t"), give("v"), "v")
	wantGet(t, b, body, "v")
}
