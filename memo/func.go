package memo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/pongocache/pongocache/fragment"
)

// A Func is a loader that remembers its answers. Make one by New, at the start
// of the program. It is safe for concurrent use.
type Func[K, V any] struct {
	cache  *fragment.Cache
	name   string
	tag    string // carried by every entry, so that DeleteAll can free them
	policy fragment.Policy
	load   func(context.Context, K) (V, error)
	keys   keyPlan
	codec  codec
	err    error // why the Func cannot be used
}

// New returns a Func that keeps the answers of load in c, by the policy p. The
// name tells what is loaded, as a word such as "user": it is the name of its
// keys in statistics and events, and what DeleteAll goes by. The same name may
// be used with different types, whose answers never meet; two loaders of the
// same name and types on one cache share their answers.
//
// New does not fail. If c or load is nil, the name is empty, p carries a bad
// tag, or K or V is of a type that cannot be kept (see the package's
// documentation), the error is what Err returns, and every other method too.
func New[K, V any](c *fragment.Cache, name string, p fragment.Policy, load func(context.Context, K) (V, error)) *Func[K, V] {
	f := &Func[K, V]{cache: c, name: name, tag: tagOf(name), load: load}
	if f.err = f.prepare(p); f.err != nil {
		f.err = fmt.Errorf("memo: loader %q: %w", name, f.err)
	}
	return f
}

func (f *Func[K, V]) prepare(p fragment.Policy) (err error) {
	switch {
	case f.name == "":
		return errors.New(`the name is empty: want a word for what is loaded, such as "user"`)
	case f.cache == nil:
		return errors.New("the cache is nil: open one by fragment.Open, or ask a Registry for one")
	case f.load == nil:
		return errors.New("the function is nil: want one that loads the value")
	}
	f.policy = p
	f.policy.Tags = append([]string{f.tag}, p.Tags...)
	for _, tag := range f.policy.Tags {
		if err := fragment.CheckTag(tag); err != nil {
			return err
		}
	}
	if f.keys, err = planKey(reflect.TypeFor[K]()); err != nil {
		return err
	}
	if f.codec, err = codecOf(reflect.TypeFor[V]()); err != nil {
		return err
	}
	f.keys.begin(f.name, fingerprint(reflect.TypeFor[K](), reflect.TypeFor[V]()))
	return nil
}

// Err returns why the Func cannot be used, or nil. Ask it once, where the Func
// is made.
func (f *Func[K, V]) Err() error { return f.err }

// Key returns the key of the answer for k, for the methods of the cache. The
// key of a Func with an Err is invalid.
func (f *Func[K, V]) Key(k K) fragment.Key {
	if f.err != nil {
		return fragment.Key{}
	}
	return keyOf(&f.keys, k)
}

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
func (f *Func[K, V]) Get(ctx context.Context, k K) (V, error) {
	var zero V
	if f.err != nil {
		return zero, f.err
	}
	key := keyOf(&f.keys, k)
	for range 2 {
		a := new(answer[V])
		raw, err := f.cache.Do(ctx, key, f.policy, func(ctx context.Context) ([]byte, error) {
			return f.fill(ctx, k, a)
		})
		if err != nil {
			return zero, err
		}
		if loaded := a.loaded.Load(); loaded != nil {
			return *loaded, nil
		}
		if f.codec.decode(raw, &a.stored) == nil {
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

// fill loads the answer for k into a and returns it encoded. What is encoded is
// decoded at once: only what can be read again is stored.
func (f *Func[K, V]) fill(ctx context.Context, k K, a *answer[V]) ([]byte, error) {
	v, err := f.load(ctx, k)
	if err != nil {
		return nil, err
	}
	own := new(V)
	raw, err := f.codec.encode(&v)
	if err == nil {
		err = f.codec.decode(raw, own)
	}
	if err != nil {
		own = &v
		fragment.DoNotStore(ctx, f.codec.reason(err))
	}
	a.loaded.Store(own)
	return raw, nil
}

// Delete removes the answers for keys, so that the next Get of each runs the
// loader. What was loaded before Delete is not stored after it. Use a tag
// (fragment.AddTags in the loader) where the pages and blocks that were made of
// an answer are to go with it.
func (f *Func[K, V]) Delete(ctx context.Context, keys ...K) error {
	if f.err != nil {
		return f.err
	}
	own := make([]fragment.Key, len(keys))
	for i, k := range keys {
		own[i] = keyOf(&f.keys, k)
	}
	return f.cache.Delete(ctx, own...)
}

// DeleteAll frees every answer of the loaders of this name on this cache, and
// whatever was made of one: the blocks and pages around it. What is being
// loaded while it is called is not stored. Its cost does not depend on the
// number of answers.
func (f *Func[K, V]) DeleteAll(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	return f.cache.InvalidateTags(ctx, f.tag)
}
