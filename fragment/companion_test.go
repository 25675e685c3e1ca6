package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var body, head = fragment.KeyOf("body"), fragment.KeyOf("head")

// withHead is a fill that stores a head beside its value.
func withHead(f fill) fill {
	return func(ctx context.Context) ([]byte, error) {
		fragment.StoreWith(ctx, head, []byte("head"))
		return f(ctx)
	}
}

// A companion shares the deadlines and tags of its entry.
func TestCompanionLivesAsItsEntryDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{})
		p := fragment.Policy{TTL: time.Minute, Jitter: 0.5, Tags: []string{"t"}}
		fillOnce := func() { wantDo(t, c, body, p, withHead(tagged("inner", "body")), "body") }
		fillOnce()
		own, _, _ := c.TTL(t.Context(), body)
		beside, ok, _ := c.TTL(t.Context(), head)
		if own != beside || !ok {
			t.Errorf("the entry lives %v, its companion %v", own, beside)
		}
		wantGet(t, c, head, "head")
		for _, tag := range []string{"t", "inner"} {
			must(t, c.InvalidateTags(t.Context(), tag))
			wantGet(t, c, head, "-")
			fillOnce()
		}
		must(t, c.Clear(t.Context()))
		wantGet(t, c, head, "-")
	})
}

// tagged is a fill that adds a tag and returns value.
func tagged(tag, value string) fill {
	return func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, tag)
		return []byte(value), nil
	}
}

// It is stored if and only if its entry is.
func TestCompanionOfWhatIsNotStored(t *testing.T) {
	p := fragment.Policy{}
	for name, run := range map[string]func(c *fragment.Cache){
		"the fill fails": func(c *fragment.Cache) { c.Do(t.Context(), body, p, withHead(fails)) },
		"it panics":      func(c *fragment.Cache) { panicOf(func() { c.Do(t.Context(), body, p, withHead(panics)) }) },
		"it is private": func(c *fragment.Cache) {
			c.Do(t.Context(), body, p, withHead(func(ctx context.Context) ([]byte, error) {
				fragment.DoNotStore(ctx, "personal")
				return nil, nil
			}))
		},
		"it is too large": func(c *fragment.Cache) { c.Do(t.Context(), body, p, withHead(give("larger than eight"))) },
		"it is expired": func(c *fragment.Cache) {
			c.Do(t.Context(), body, p, withHead(func(ctx context.Context) ([]byte, error) {
				fragment.LimitTTL(ctx, 0)
				return nil, nil
			}))
		},
		"it is outdated": func(c *fragment.Cache) {
			c.Do(t.Context(), body, fragment.Policy{Tags: []string{"t"}}, withHead(func(ctx context.Context) ([]byte, error) {
				return nil, c.InvalidateTags(ctx, "t")
			}))
		},
		"it is overwritten": func(c *fragment.Cache) {
			c.Do(t.Context(), body, p, withHead(func(ctx context.Context) ([]byte, error) {
				return nil, c.Delete(ctx, body)
			}))
		},
		"it is off":                     func(c *fragment.Cache) { c.Do(t.Context(), body, fragment.Policy{TTL: -1}, withHead(give(""))) },
		"the backend refuses the entry": func(c *fragment.Cache) { c.Do(t.Context(), fragment.KeyOf("large"), p, withHead(give(""))) },
	} {
		m := newMemory()
		run(open(t, choosy(m), fragment.Options{MaxValue: 8}))
		if keys := m.keys(); len(keys) != 0 {
			t.Errorf("%s: stored %q", name, keys)
		}
	}
}

// Of what is stored, the companion is there first: whoever finds the entry
// finds it too.
func TestCompanionIsStoredFirst(t *testing.T) {
	var order []string
	note := func(_ context.Context, key string) error { order = append(order, key); return nil }
	c := open(t, local{&meddler{Backend: newMemory(), set: note}}, fragment.Options{})
	wantDo(t, c, body, fragment.Policy{}, withHead(give("body")), "body")
	if len(order) != 2 || order[0] != "head" || order[1] != "body" {
		t.Errorf("stored in the order %q", order)
	}
}

// Inside of a part it belongs to the part, and a part that is off to the page.
func TestCompanionBelongsToTheFillAroundIt(t *testing.T) {
	for _, row := range []struct {
		part fragment.Policy
		want string
	}{{fragment.Policy{}, "-"}, {fragment.Policy{TTL: -1}, "head"}} {
		page, part := fresh(t, fragment.Options{}), fresh(t, fragment.Options{})
		wantDo(t, page, body, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			return part.Do(ctx, body, row.part, withHead(give("v")))
		}, "v")
		wantGet(t, page, head, row.want)
	}
}

func TestCompanionWithAnInvalidKeyIsLeftOut(t *testing.T) {
	m := newMemory()
	c := open(t, local{m}, fragment.Options{})
	wantDo(t, c, body, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		fragment.StoreWith(ctx, fragment.Key{}, nil)
		fragment.StoreWith(ctx, fragment.KeyOf("bad", account{}), nil)
		return []byte("v"), nil
	}, "v")
	m.only(t)
	wantGet(t, c, body, "v")
}

// It is no larger than any value may be.
func TestCompanionThatIsTooLarge(t *testing.T) {
	c := fresh(t, fragment.Options{MaxValue: 8})
	wantDo(t, c, body, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		fragment.StoreWith(ctx, head, []byte("larger than eight"))
		return []byte("v"), nil
	}, "v")
	wantGet(t, c, head, "-")
	wantGet(t, c, body, "-")
}
