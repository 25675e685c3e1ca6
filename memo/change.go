package memo

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/pongocache/pongocache/fragment"
)

// Set stores v as the answer for k, whatever is there, and keeps a load of k
// that is under way from storing: for those who changed what is loaded and have
// it at hand. The value remains the caller's.
//
// Set returns the fault of the backend, or why v cannot be stored; what was
// there before is then deleted.
func (f *Func[K, V]) Set(ctx context.Context, k K, v V) error {
	if f.err != nil {
		return f.err
	}
	key := keyOf(&f.keys, k)
	raw, _, err := f.encode(v)
	if err != nil {
		err = fmt.Errorf("memo: set %q: %s", f.name, reason(reflect.TypeFor[V](), err))
		return errors.Join(err, f.cache.Delete(ctx, key))
	}
	p := f.policy
	if f.options.Tags != nil {
		p.Tags = append(p.Tags[:len(p.Tags):len(p.Tags)], f.options.Tags(k, v)...)
	}
	return f.cache.Set(ctx, key, raw, p)
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
