package memo

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/pongocache/pongocache/fragment"
)

// A Func is a loader that remembers its answers. Make one by New, at the start
// of the program. It is safe for concurrent use.
type Func[K, V any] struct {
	cache   *fragment.Cache
	name    string
	tag     string // carried by every entry, so that DeleteAll can free them
	policy  fragment.Policy
	options Options[K, V]
	load    func(context.Context, K) (V, error)
	keys    keyPlan
	codec   Codec[V]
	err     error // why the Func cannot be used
}

// New returns a Func that keeps the answers of load in c, by the policy p. The
// name tells what is loaded, as a word such as "user": it is the name of its
// keys in statistics and events, and what DeleteAll goes by. The same name may
// be used with different types, whose answers never meet; two loaders of the
// same name and types on one cache share their answers.
//
// What is stale (Policy.Stale) or to be refilled early is served at once, and
// loaded anew in the background: on a goroutine of its own, by a ctx that has the
// values of a caller's and not its end, with a copy of the argument. Policy.Inline
// keeps each load within the call of a Get. So does an argument that cannot be
// copied, because a field of it that is not in the key, or a type with a method
// CacheKey, refers to something, such as a transaction.
//
// New does not fail. If c or load is nil, the name is empty, p is one that
// Policy.Check refuses, or K or V is of a type that cannot be kept (see the
// package's documentation), the error is what Err returns, and every other
// method too.
func New[K, V any](c *fragment.Cache, name string, p fragment.Policy, load func(context.Context, K) (V, error)) *Func[K, V] {
	return build(c, name, p, Options[K, V]{}, load)
}

// NewWithOptions is New with options, and returns the error at once.
func NewWithOptions[K, V any](c *fragment.Cache, name string, p fragment.Policy, o Options[K, V], load func(context.Context, K) (V, error)) (*Func[K, V], error) {
	f := build(c, name, p, o, load)
	if f.err != nil {
		return nil, f.err
	}
	return f, nil
}

func build[K, V any](c *fragment.Cache, name string, p fragment.Policy, o Options[K, V], load func(context.Context, K) (V, error)) *Func[K, V] {
	f := &Func[K, V]{cache: c, name: name, tag: tagOf(name), options: o, load: load}
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
	case f.load == nil && f.options.LoadMany == nil:
		return errors.New("the function is nil: want one that loads the value")
	}
	if f.load == nil && f.options.LoadMany != nil {
		f.load = f.loadOne
	}
	f.policy = p
	f.policy.Tags = append([]string{f.tag}, p.Tags...)
	if err := f.policy.Check(); err != nil {
		return err
	}
	argument, answer := reflect.TypeFor[K](), reflect.TypeFor[V]()
	if f.keys, err = planKey(argument); err != nil {
		return err
	}
	if f.codec, err = codecOf(f.options.Codec); err != nil {
		return err
	}
	f.policy.Detach, f.policy.Inline = true, p.Inline || f.keys.bound
	f.keys.begin(f.name, fingerprint(f.codec.Name(), argument, answer))
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
