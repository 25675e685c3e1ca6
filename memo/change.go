package memo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Set stores v as the answer for k, whatever is there, and keeps a load of k
// that is under way from storing: for those who changed what is loaded and have
// it at hand. The value remains the caller's.
//
// Set returns the fault of the backend, or why v cannot be stored; what was
// there before is then deleted. That is so, without an error, where the options
// say that v is not to be stored.
func (f *Func[K, V]) Set(ctx context.Context, k K, v V) error {
	if f.err != nil {
		return f.err
	}
	key := keyOf(&f.keys, k)
	s := f.settle(k, v)
	if s.err != nil {
		return errors.Join(fmt.Errorf("memo: set %q: %w", f.name, s.err), f.cache.Delete(ctx, key))
	}
	if s.skip != "" {
		return f.cache.Delete(ctx, key)
	}
	p := f.policy
	p.Tags = slices.Concat(p.Tags, s.tags)
	if p.TTL >= 0 { // below, nothing is ever stored
		p.TTL = cmp.Or(s.ttl, p.TTL)
	}
	return f.cache.Set(ctx, key, s.raw, p)
}

// Delete removes the answers for keys, so that the next Get of each runs the
// loader. What was loaded before Delete is not stored after it. Use a tag
// (fragment.AddTags in the loader) where the pages and blocks that were made of
// an answer are to go with it.
func (f *Func[K, V]) Delete(ctx context.Context, keys ...K) error {
	if f.err != nil {
		return f.err
	}
	return f.cache.Delete(ctx, f.keysOf(keys)...)
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
