package memo

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/pongocache/pongocache/fragment"
)

// Get returns the answer for k: the stored one while it is fresh, else what the
// loader returns, which is then stored. The value is the caller's to change.
//
// The ctx of the loader carries a Scope: fragment.AddTags, LimitTTL and
// DoNotStore speak of this answer, and other cached values that are read with
// it become parts of it.
//
// The error is the loader's own, unchanged; that of the caller's ctx while it
// waited for another caller's load; or Err. Errors are not stored, but callers
// who wait for a load that fails share its error. The cache itself never fails
// Get: what cannot be read is loaded.
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
// is Err, or that of a closed cache.
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
		a := new(answer[V])
		raw, err := f.cache.Do(ctx, key, p, func(ctx context.Context) ([]byte, error) {
			return f.fill(ctx, k, a)
		})
		if err != nil {
			return zero, err
		}
		if loaded := a.loaded.Load(); loaded != nil {
			return *loaded, nil
		}
		if f.decode(raw, &a.stored) == nil {
			return a.stored, nil
		}
		// Not of our making. Should deleting it fail, or somebody put it
		// there again, the loader below is the way out.
		_ = f.cache.Delete(ctx, key)
	}
	a := new(answer[V])
	if _, err := f.fill(ctx, k, a); err != nil {
		return zero, err
	}
	return *a.loaded.Load(), nil
}

// An answer is where one Get finds its value.
type answer[V any] struct {
	// loaded is what the fill of this Get has decoded already. A fill may go on
	// beside the Get that began it, and after it: what it decodes is its own
	// until it hands that over, whole, and never touches it again.
	loaded atomic.Pointer[V]
	stored V // written by Get alone
}

// fill loads the answer for k into a and returns it encoded.
func (f *Func[K, V]) fill(ctx context.Context, k K, a *answer[V]) ([]byte, error) {
	v, err := f.load(ctx, k)
	if err != nil {
		return nil, err
	}
	if f.options.Tags != nil {
		fragment.AddTags(ctx, f.options.Tags(k, v)...)
	}
	raw, own, err := f.encode(v)
	if err != nil {
		raw, own = nil, &v
		fragment.DoNotStore(ctx, reason(reflect.TypeFor[V](), err))
	}
	a.loaded.Store(own)
	return raw, nil
}
