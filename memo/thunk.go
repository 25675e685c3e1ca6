package memo

import (
	"context"

	"github.com/pongocache/pongocache/fragment"
)

// A Thunk is a loader without an argument that remembers its answer. Make one
// by Value. It is safe for concurrent use. One that needs options is a Func of a
// struct{}.
type Thunk[V any] struct{ f *Func[none, V] }

// none is the argument of a loader that has none.
type none struct{}

// Value returns a Thunk that keeps the answer of load in c, by the policy p.
// All that is said of New holds for it.
func Value[V any](c *fragment.Cache, name string, p fragment.Policy, load func(context.Context) (V, error)) *Thunk[V] {
	var loadNone func(context.Context, none) (V, error)
	if load != nil {
		loadNone = func(ctx context.Context, _ none) (V, error) { return load(ctx) }
	}
	return &Thunk[V]{New(c, name, p, loadNone)}
}

// Err returns why the Thunk cannot be used, or nil.
func (t *Thunk[V]) Err() error { return t.f.Err() }

// Key returns the key of the answer. That of a Thunk with an Err is invalid.
func (t *Thunk[V]) Key() fragment.Key { return t.f.Key(none{}) }

// Get returns the answer, as Func.Get does.
func (t *Thunk[V]) Get(ctx context.Context) (V, error) { return t.f.Get(ctx, none{}) }

// Refresh runs the loader although a fresh answer may be stored, as Func.Refresh
// does.
func (t *Thunk[V]) Refresh(ctx context.Context) (V, error) { return t.f.Refresh(ctx, none{}) }

// Peek returns the answer if a fresh one is stored, as Func.Peek does.
func (t *Thunk[V]) Peek(ctx context.Context) (v V, ok bool, err error) {
	return t.f.Peek(ctx, none{})
}

// Set stores v as the answer, as Func.Set does.
func (t *Thunk[V]) Set(ctx context.Context, v V) error { return t.f.Set(ctx, none{}, v) }

// Delete removes the answer, so that the next Get runs the loader. What was
// loaded before Delete is not stored after it.
func (t *Thunk[V]) Delete(ctx context.Context) error { return t.f.Delete(ctx, none{}) }
