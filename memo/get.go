package memo

import (
	"context"

	"github.com/pongocache/pongocache/fragment"
)

// Get returns the answer for k: the stored one while it is fresh, else what the
// loader returns, which is then stored. The value is the caller's to change.
//
// The ctx of the loader carries a Scope: fragment.AddTags, LimitTTL, SetTTL and
// DoNotStore speak of this answer, and other cached values that are read with
// it become parts of it.
//
// The error is the loader's own, unchanged; that of the caller's ctx while it
// waited for another caller's load; or Err. One that wraps ErrNotFound is an
// answer like a value, and kept for Policy.NotFoundTTL; what comes back then
// wraps ErrNotFound and has the same text. Other errors are not stored, unless
// Policy.ErrorTTL says so, but callers who wait for a load that fails share its
// error. The cache itself never fails Get: what cannot be read is loaded.
func (f *Func[K, V]) Get(ctx context.Context, k K) (V, error) { return f.get(ctx, k, f.policy) }

// Refresh returns what the loader returns now, and stores it, although a fresh
// answer may be stored. That one is served to others meanwhile; should the
// loader fail, it remains and is what Refresh returns.
func (f *Func[K, V]) Refresh(ctx context.Context, k K) (V, error) {
	p := f.policy
	p.Refresh = true
	return f.get(ctx, k, p)
}

// Peek returns the answer for k if a fresh one is stored, and never runs the
// loader. A miss is ok == false. The value is the caller's to change. The error
// is Err, that of a closed cache, or wraps ErrNotFound if that is what is stored.
func (f *Func[K, V]) Peek(ctx context.Context, k K) (v V, ok bool, err error) {
	if f.err != nil {
		return v, false, f.err
	}
	raw, ok, err := f.cache.Get(ctx, keyOf(&f.keys, k))
	if !ok || err != nil {
		return v, false, err
	}
	stored := new(V)
	if f.decode(raw, stored) != nil {
		return v, false, nil
	}
	return *stored, true, nil
}

func (f *Func[K, V]) get(ctx context.Context, k K, p fragment.Policy) (V, error) {
	var zero V
	if f.err != nil {
		return zero, f.err
	}
	key := keyOf(&f.keys, k)
	for range 2 {
		c := &call[K, V]{f: f, k: k}
		raw, err := f.cache.DoFiller(ctx, key, p, c)
		if err != nil {
			return zero, err
		}
		if c.loaded {
			return c.value, nil
		}
		if err = f.decode(raw, &c.value); err == nil {
			return c.value, nil
		}
		if err == errUnstorable {
			break
		}
		// Not of our making. Should deleting it fail, or somebody put it
		// there again, the loader below is the way out.
		_ = f.cache.Delete(ctx, key)
	}
	p.TTL = -1 // neither looked up nor stored
	c := &call[K, V]{f: f, k: k}
	_, err := f.cache.DoFiller(ctx, key, p, c)
	return c.value, err
}

// A call is one Get: the fill that it gives to the cache, and where its value is
// found. The cache runs Fill for nobody else and while the call is waiting, so
// that what a fill has decoded is not decoded again.
type call[K, V any] struct {
	f      *Func[K, V]
	k      K
	value  V
	loaded bool // value is by Fill
}

// Fill loads the answer and returns it encoded.
func (c *call[K, V]) Fill(ctx context.Context) ([]byte, error) {
	raw, own, err := c.f.fill(ctx, c.k)
	if err == nil {
		c.value, c.loaded = *own, true
	}
	return raw, err
}

// Detached returns a fill that shares nothing with the call, which goes on
// beside it.
func (c *call[K, V]) Detached() func(context.Context) ([]byte, error) {
	f, k := c.f, ownKey(&c.f.keys, c.k)
	return func(ctx context.Context) ([]byte, error) {
		raw, _, err := f.fill(ctx, k)
		return raw, err
	}
}

// fill loads the answer for k and returns it encoded, and what the caller is to
// be given.
func (f *Func[K, V]) fill(ctx context.Context, k K) (raw []byte, own *V, err error) {
	v, err := f.load(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	s := f.settle(k, v)
	fragment.AddTags(ctx, s.tags...)
	fragment.SetTTL(ctx, s.ttl)
	if s.skip != "" {
		fragment.SkipStore(ctx, s.skip)
	}
	return s.raw, s.own, nil
}
