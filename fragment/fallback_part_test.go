package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// What is made of a part from a fallback, which is not told what others invalidate,
// is not stored where those others find it.
func TestPartOfAFallbackStaysInThisProcess(t *testing.T) {
	k, page, ctx := fragment.KeyOf("k"), fragment.KeyOf("page"), context.Background()
	for how, part := range map[string]func(ctx context.Context, c *fragment.Cache) ([]byte, error){
		"Do": func(ctx context.Context, c *fragment.Cache) ([]byte, error) {
			return c.Do(ctx, k, withTags("t"), fails)
		},
		"Get": func(ctx context.Context, c *fragment.Cache) ([]byte, error) {
			value, _, err := c.Get(ctx, k)
			return value, err
		},
		"GetMany": func(ctx context.Context, c *fragment.Cache) ([]byte, error) {
			values, err := c.GetMany(ctx, []fragment.Key{k})
			return values[k], err
		},
		"DoMany": func(ctx context.Context, c *fragment.Cache) ([]byte, error) {
			answers, err := c.DoMany(ctx, []fragment.Key{k}, withTags("t"), func(context.Context, []int) ([]fragment.Filled, error) { return nil, errFill })
			return answers[0].Value, err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, c, other := newFallback(t) // the parts
			server := fragmenttest.NewServer()
			pages, others := open(t, server.Connect(), fragment.Options{}), open(t, server.Connect(), fragment.Options{})
			p.down(c)
			wantDo(t, c, k, withTags("t"), give("old"), "old")
			must(t, other.InvalidateTags(ctx, "t"))
			must(t, others.InvalidateTags(ctx, "t"))
			got, err := pages.Do(ctx, page, fragment.Policy{IgnoreInner: true}, func(ctx context.Context) ([]byte, error) { return part(ctx, c) })
			if must(t, err); string(got) != "old" {
				t.Errorf("%s: got %q from the fallback, want what it holds", how, got)
			}
			wantGet(t, others, page, "-")
			local := fresh(t, fragment.Options{})
			wantDo(t, local, page, withTags(), func(ctx context.Context) ([]byte, error) { return part(ctx, c) }, "old")
			wantGet(t, local, page, "old")
			p.up(c)
		})
	}
}
