package memo

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/pongocache/pongocache/fragment"
)

// GetMany returns the answers for ks, in their order, each as Get would. What is
// stored is looked up in one round trip where the backend can; what is missing is
// loaded at once by Options.LoadMany, each argument once, or else by the loader,
// one after another.
//
// Each Result has a value, which is the caller's to change, or an error, so that
// one that fails costs the others nothing.
func (f *Func[K, V]) GetMany(ctx context.Context, ks []K) []Result[V] {
	results := make([]Result[V], len(ks))
	if f.err != nil {
		failAll(results, f.err)
		return results
	}
	f.getAll(ctx, ks, results)
	return results
}

func failAll[V any](results []Result[V], err error) {
	for i := range results {
		results[i].Err = err
	}
}

func (f *Func[K, V]) keysOf(ks []K) []fragment.Key {
	keys := make([]fragment.Key, len(ks))
	for i, k := range ks {
		keys[i] = keyOf(&f.keys, k)
	}
	return keys
}

// getAll has the cache load what is missing, by LoadMany if there is one.
func (f *Func[K, V]) getAll(ctx context.Context, ks []K, results []Result[V]) {
	keys := f.keysOf(ks)
	b := &batch[K, V]{f: f, ks: make([]K, len(ks)), loaded: make([]atomic.Pointer[loaded[V]], len(ks))}
	for i, k := range ks {
		b.ks[i] = ownKey(&f.keys, k)
	}
	answers, err := b.do(ctx, keys)
	if err != nil {
		failAll(results, err)
		return
	}
	for i, a := range answers {
		r := &results[i]
		if r.Err = a.Err; a.Err != nil || b.take(i, a.Value, &r.Value) {
			continue
		}
		r.Value, r.Err = f.Get(ctx, ks[i]) // not of our making: Get sees to it
	}
}

// A batch is one GetMany.
type batch[K, V any] struct {
	f  *Func[K, V]
	ks []K

	// loaded is what fills have decoded already. A fill may go on beside
	// GetMany, and after it: what it decodes is its own until it hands that over,
	// whole, and never touches it again.
	loaded []atomic.Pointer[loaded[V]]
}

// loaded is an answer, encoded and decoded again.
type loaded[V any] struct {
	raw []byte
	own *V
}

func (b *batch[K, V]) do(ctx context.Context, keys []fragment.Key) ([]fragment.Answer, error) {
	if b.f.options.LoadMany == nil {
		return b.f.cache.DoEach(ctx, keys, b.f.policy, b.fillOne)
	}
	return b.f.cache.DoMany(ctx, keys, b.f.policy, b.fill)
}

// fillOne loads the answer of place i.
func (b *batch[K, V]) fillOne(ctx context.Context, i int) ([]byte, error) {
	raw, own, err := b.f.fill(ctx, b.ks[i])
	if err == nil {
		b.loaded[i].Store(&loaded[V]{raw, own})
	}
	return raw, err
}

// fill loads the answers for those of ks that are missing.
func (b *batch[K, V]) fill(ctx context.Context, missing []int) ([]fragment.Filled, error) {
	ks := make([]K, len(missing))
	for at, i := range missing {
		ks[at] = b.ks[i]
	}
	results, err := b.f.loadMany(ctx, ks)
	if err != nil {
		return nil, err
	}
	filled := make([]fragment.Filled, len(missing))
	for at, i := range missing {
		if filled[at].Err = results[at].Err; filled[at].Err != nil {
			continue
		}
		s := b.f.settle(b.ks[i], results[at].Value)
		filled[at] = fragment.Filled{Value: s.raw, Tags: s.tags, TTL: s.ttl, Skip: s.skip}
		b.loaded[i].Store(&loaded[V]{s.raw, s.own})
	}
	return filled, nil
}

// take gives v the answer of place i, which is raw, and reports whether it could.
// What was loaded stands in the first place of its argument; the others have
// copies. It may be that of a load in the background, beside a stale answer.
func (b *batch[K, V]) take(i int, raw []byte, v *V) bool {
	if one := b.loaded[i].Load(); one != nil && bytes.Equal(one.raw, raw) {
		*v = *one.own
		return true
	}
	return b.f.decode(raw, v) == nil
}

// loadMany runs LoadMany and checks that it returned as many answers.
func (f *Func[K, V]) loadMany(ctx context.Context, ks []K) ([]Result[V], error) {
	results, err := f.options.LoadMany(ctx, ks)
	if err == nil && len(results) != len(ks) {
		err = fmt.Errorf("memo: loader %q: LoadMany returned %d results for %d arguments: want one for each, in their order", f.name, len(results), len(ks))
	}
	return results, err
}

// loadOne is the loader of a Func that has only LoadMany.
func (f *Func[K, V]) loadOne(ctx context.Context, k K) (v V, err error) {
	results, err := f.loadMany(ctx, []K{k})
	if err != nil {
		return v, err
	}
	return results[0].Value, results[0].Err
}
