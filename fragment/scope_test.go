package fragment_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A level is one of several fills inside of each other, in a cache of its own.
type level struct {
	c *fragment.Cache
	k fragment.Key
	p fragment.Policy
}

func levels(t *testing.T, policies ...fragment.Policy) []level {
	some := make([]level, len(policies))
	for i, p := range policies {
		some[i] = level{fresh(t, fragment.Options{}), fragment.KeyOf("level", i), p}
	}
	return some
}

// inside returns the fill of the outermost level, with deepest innermost.
func inside(levels []level, deepest fill) fill {
	if len(levels) == 0 {
		return deepest
	}
	l := levels[0]
	return func(ctx context.Context) ([]byte, error) {
		return l.c.Do(ctx, l.k, l.p, inside(levels[1:], deepest))
	}
}

func wantLeft(t *testing.T, l level, want time.Duration) {
	t.Helper()
	left, ok, err := l.c.TTL(t.Context(), l.k)
	must(t, err)
	if !ok {
		left = 0
	}
	if left != want {
		t.Errorf("%v %v lives %v more, want %v", l.k, l.p, left, want)
	}
}

// The tags of a part are tags of all that is around it, whether the part was
// filled, read or waited for.
func TestTagsBubble(t *testing.T) {
	tags := func(tags ...string) fragment.Policy { return fragment.Policy{Tags: tags, IgnoreInner: true} }
	deepest := func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, "added", "added")
		return []byte("v"), nil
	}
	for freed, from := range map[string]int{"outer": 0, "middle": 1, "inner": 2, "added": 2, "none": -1} {
		for _, warm := range []int{3, 2, 1} { // levels that are cold when the page is filled
			all := levels(t, tags("outer"), tags("middle"), tags("inner"))
			for i := range all {
				all[i].c = freshApart(t, "outer", "middle", "inner", "added", "none")
			}
			inside(all[warm-1:], deepest)(t.Context())
			inside(all, deepest)(t.Context())
			for i, l := range all {
				must(t, l.c.InvalidateTags(t.Context(), freed))
				want := "v"
				if i <= from {
					want = "-"
				}
				wantGet(t, l.c, l.k, want)
			}
		}
	}
}

// However many tags there are, and whichever of them a page has already.
func TestManyTagsBubble(t *testing.T) {
	const parts, each, step = 5, 12, 5 // parts overlap
	fillPage := func(c *fragment.Cache) {
		wantDo(t, c, body, fragment.Policy{Tags: []string{"tag:0", "tag:7"}}, func(ctx context.Context) ([]byte, error) {
			for i := range parts {
				do(t, ctx, c, fragment.KeyOf("part", i), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
					for j := range each {
						fragment.AddTags(ctx, fmt.Sprint("tag:", i*step+j))
					}
					return nil, nil
				})
			}
			return []byte("v"), nil
		}, "v")
		wantGet(t, c, body, "v")
	}
	for _, warm := range []bool{false, true} {
		c := fresh(t, fragment.Options{})
		for i := range (parts-1)*step + each {
			fillPage(c)
			if warm {
				must(t, c.Delete(t.Context(), body)) // and the parts are there
				fillPage(c)
			}
			must(t, c.InvalidateTags(t.Context(), fmt.Sprint("tag:", i)))
			wantGet(t, c, body, "-")
		}
	}
}

// A tag is told once, however many parts tell it, few or many.
func TestTagsAreStoredOnce(t *testing.T) {
	size := func(parts, tags int) int {
		m := newMemory()
		c := open(t, local{m}, fragment.Options{})
		wantDo(t, c, body, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			for i := range parts {
				do(t, ctx, c, fragment.KeyOf("part", i%2), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
					for j := range tags {
						fragment.AddTags(ctx, fmt.Sprint("tag:", j))
					}
					return nil, nil
				})
			}
			return nil, nil
		}, "")
		raw, _, _ := m.Get(t.Context(), "body")
		return len(raw)
	}
	for _, tags := range []int{1, 5, 8, 9, 50} {
		if once, often := size(1, tags), size(9, tags); once != often {
			t.Errorf("%d tags of one part take %d bytes, of nine parts %d", tags, once, often)
		}
	}
}

// So does the life that is left to a part, unless IgnoreInner stands between.
func TestLifeBubbles(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		name                 string
		outer, middle, inner fragment.Policy
		limit                time.Duration
		want                 [3]time.Duration
	}{
		{"the shortest is inside", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s}, 0, [3]time.Duration{5 * s, 5 * s, 5 * s}},
		{"the shortest is outside", fragment.Policy{TTL: 5 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 9 * s}, 0, [3]time.Duration{5 * s, 7 * s, 9 * s}},
		{"limited", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s}, 3 * s, [3]time.Duration{3 * s, 3 * s, 3 * s}},
		{"limited for ever", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s}, fragment.Forever, [3]time.Duration{5 * s, 5 * s, 5 * s}},
		{"ignored outside", fragment.Policy{TTL: 9 * s, IgnoreInner: true}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s}, 0, [3]time.Duration{9 * s, 5 * s, 5 * s}},
		{"ignored between", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s, IgnoreInner: true}, fragment.Policy{TTL: 5 * s}, 0, [3]time.Duration{7 * s, 7 * s, 5 * s}},
		{"a limit is not ignored", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s, IgnoreInner: true}, s, [3]time.Duration{s, s, s}},
		{"limited to nothing", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: 5 * s}, -1, [3]time.Duration{}},
		{"inside for ever", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: fragment.Forever}, fragment.Policy{TTL: fragment.Forever}, 0, [3]time.Duration{9 * s, fragment.Forever, fragment.Forever}},
		{"inside is off", fragment.Policy{TTL: 9 * s}, fragment.Policy{TTL: 7 * s}, fragment.Policy{TTL: -1}, 0, [3]time.Duration{7 * s, 7 * s, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			t.Log(row.name)
			all := levels(t, row.outer, row.middle, row.inner)
			inside(all, func(ctx context.Context) ([]byte, error) {
				if row.limit != 0 {
					fragment.LimitTTL(ctx, row.limit)
				}
				return nil, nil
			})(t.Context())
			for i, l := range all {
				wantLeft(t, l, row.want[i])
			}
		})
	}
}

// On a hit it is what is left of the part that counts.
func TestRemainingLifeBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := levels(t, fragment.Policy{TTL: time.Hour}, fragment.Policy{TTL: time.Minute})
		inside(all[1:], give("v"))(t.Context())
		time.Sleep(40 * time.Second)
		inside(all, give("not run"))(t.Context())
		wantLeft(t, all[0], 20*time.Second)
		time.Sleep(20 * time.Second)
		wantGet(t, all[0].c, all[0].k, "-")
	})
}

// Whatever reads or writes an entry inside of a fill makes it a part.
func TestPartsByGetAndSet(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
		"Get": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
			_, _, err := c.Get(ctx, k)
			return err
		},
		"GetMany": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
			_, err := c.GetMany(ctx, []fragment.Key{k, fragment.KeyOf("none")})
			return err
		},
		"Set": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
			return c.Set(ctx, k, nil, fragment.Policy{TTL: time.Minute, Tags: []string{"part"}})
		},
		"Add": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
			_, err := c.Add(ctx, fragment.KeyOf("new"), nil, fragment.Policy{TTL: time.Minute, Tags: []string{"part"}})
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			page, part := levels(t, fragment.Policy{TTL: time.Hour})[0], fragment.KeyOf("part")
			must(t, page.c.Set(t.Context(), part, nil, fragment.Policy{TTL: time.Minute, Tags: []string{"part"}}))
			inside([]level{page}, func(ctx context.Context) ([]byte, error) { return nil, use(ctx, page.c, part) })(t.Context())
			t.Log(name)
			wantLeft(t, page, time.Minute)
			must(t, page.c.InvalidateTags(t.Context(), "part"))
			wantLeft(t, page, 0)
		})
	}
}
