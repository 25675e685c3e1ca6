package fragment_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func TestInvalidateTagsFreesWhatCarriesOne(t *testing.T) {
	ctx, c := t.Context(), freshApart(t, "all", "a", "b", "A", "ab", "c")
	entry := func(tags ...string) fragment.Key {
		k := fragment.KeyOf("e", tags)
		must(t, c.Set(ctx, k, []byte("v"), fragment.Policy{Tags: append(tags, "all")}))
		return k
	}
	a, b, ab, none := entry("a"), entry("b"), entry("a", "b"), entry()
	must(t, c.InvalidateTags(ctx))
	must(t, c.InvalidateTags(ctx, "A", "ab", "c"))
	for _, k := range []fragment.Key{a, b, ab, none} {
		wantGet(t, c, k, "v")
	}
	must(t, c.InvalidateTags(ctx, "a", "a", "c"))
	wantGet(t, c, a, "-")
	wantGet(t, c, ab, "-")
	wantGet(t, c, b, "v")
	entry("a") // is newer than the invalidation
	wantGet(t, c, a, "v")
	must(t, c.InvalidateTags(ctx, "all"))
	for _, k := range []fragment.Key{a, b, ab, none} {
		wantGet(t, c, k, "-")
	}
}

func TestInvalidatedIsGoneForStaleReadersToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := staleMinute
		p.Tags = []string{"t"}
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		for _, free := range []func() error{
			func() error { return c.InvalidateTags(t.Context(), "t") },
			func() error { return c.Clear(t.Context()) },
			func() error { return c.Delete(t.Context(), k) },
		} {
			wantDo(t, c, k, p, give("old"), "old")
			time.Sleep(time.Second)
			must(t, free())
			if value, err := c.Do(t.Context(), k, p, fails); err != errFill {
				t.Errorf("Do = %q, %v, want the error of the fill", value, err)
			}
		}
	})
}

// A bad tag is refused before anything is freed; an entry with one is not
// stored, because nobody could free it.
func TestBadTags(t *testing.T) {
	ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
	must(t, c.Set(ctx, k, []byte("v"), fragment.Policy{Tags: []string{"t"}}))
	for _, bad := range []string{"", "a b", "a,b", "a\n", "\x7f", "\x00", strings.Repeat("t", 1025)} {
		if fragment.CheckTag(bad) == nil {
			t.Errorf("CheckTag(%q) takes it", bad)
		}
		if c.InvalidateTags(ctx, "t", bad) == nil {
			t.Errorf("InvalidateTags(%q) takes it", bad)
		}
		wantGet(t, c, k, "v")
		other := fragment.KeyOf("other", bad)
		if c.Set(ctx, other, nil, fragment.Policy{Tags: []string{"t", bad}}) == nil {
			t.Errorf("Set takes the tag %q", bad)
		}
		wantDo(t, c, other, fragment.Policy{Tags: []string{bad}}, give("w"), "w")
		wantDo(t, c, other, fragment.Policy{}, tagged(bad, "w"), "w")
		wantGet(t, c, other, "-")
	}
	for _, good := range []string{"t", "product:42", "größe", "!layout", strings.Repeat("t", 1024), "a|b"} {
		if err := fragment.CheckTag(good); err != nil {
			t.Errorf("CheckTag(%q): %v", good, err)
		}
	}
}

// What speaks against a fill that is under way.
var disturbances = map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
	"InvalidateTags": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
		return c.InvalidateTags(ctx, "x", "t")
	},
	"Clear": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.Clear(ctx) },
	"Delete": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
		return c.Delete(ctx, fragment.KeyOf("x"), k)
	},
	"Expire": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Expire(ctx, k) },
}

// A fill that read before an invalidation and ends after it does not store,
// wherever its tag comes from and whenever it learns of it.
func TestFillOlderThanAnInvalidationIsNotStored(t *testing.T) {
	for name, disturb := range disturbances {
		for _, from := range []string{"policy", "cache", "before", "after", "a part"} {
			var w watcher
			c, k := fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k")
			p := fragment.Policy{}
			switch from {
			case "policy":
				p.Tags = []string{"t"}
			case "cache":
				c = fresh(t, fragment.Options{Observe: w.observe, Policy: fragment.Policy{Tags: []string{"t"}}})
			}
			wantDo(t, c, k, p, func(ctx context.Context) ([]byte, error) {
				switch from {
				case "before":
					fragment.AddTags(ctx, "t")
				case "a part":
					do(t, ctx, c, fragment.KeyOf("part"), p, tagged("t", ""))
				}
				must(t, disturb(ctx, c, k))
				if from == "after" {
					fragment.AddTags(ctx, "t")
				}
				return []byte("old"), nil
			}, "old")
			wantGet(t, c, k, "-")
			if skips := w.events(fragment.EventSkip); len(skips) != 1 || skips[0].Name != "k" {
				t.Errorf("%s, tag from %s: skips %v, want one", name, from, skips)
			}
			wantDo(t, c, k, p, give("new"), "new")
			wantGet(t, c, k, "new")
		}
	}
}

// A Set beside a fill of its key is what stays.
func TestSetBesideAFillIsWhatStays(t *testing.T) {
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		must(t, c.Set(ctx, k, []byte("set"), fragment.Policy{}))
		return []byte("filled"), nil
	}, "filled")
	wantGet(t, c, k, "set")
}

// Other keys and tags do not disturb a fill.
func TestOtherInvalidationsDoNotDisturbAFill(t *testing.T) {
	c, k := freshApart(t, "t", "other"), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{Tags: []string{"t"}}, func(ctx context.Context) ([]byte, error) {
		must(t, c.InvalidateTags(ctx, "other"))
		must(t, c.Delete(ctx, fragment.KeyOf("k", 2)))
		must(t, c.Set(ctx, fragment.KeyOf("k", 3), nil, fragment.Policy{Tags: []string{"t"}}))
		return []byte("v"), nil
	}, "v")
	wantGet(t, c, k, "v")
}

// A caller who comes after an invalidation does not get what was computed
// before it, although its fill is still under way.
func TestCallerAfterAnInvalidationGetsWhatIsNew(t *testing.T) {
	for name, disturb := range disturbances {
		synctest.Test(t, func(t *testing.T) {
			c, k, version := fresh(t, fragment.Options{}), fragment.KeyOf("k"), 1
			read := func(ctx context.Context) ([]byte, error) {
				value := fmt.Append(nil, "version ", version)
				time.Sleep(time.Second)
				fragment.AddTags(ctx, "t")
				return value, nil
			}
			for range 5 {
				go c.Do(t.Context(), k, fragment.Policy{}, read)
			}
			synctest.Wait()
			time.Sleep(time.Second / 2)
			version = 2
			must(t, disturb(t.Context(), c, k))
			together(5, func(int) { wantDo(t, c, k, fragment.Policy{}, read, "version 2") })
			time.Sleep(time.Minute)
			wantGet(t, c, k, "version 2")
			t.Log(name)
		})
	}
}

// The memory of a cache does not grow with the tags that were ever used.
func TestStampsAreBounded(t *testing.T) {
	c := fresh(t, fragment.Options{})
	allocs := testing.AllocsPerRun(10, func() {
		for i := range 1000 {
			must(t, c.InvalidateTags(t.Context(), fmt.Sprint("tag:", i)))
		}
	})
	if allocs > 20_000 {
		t.Errorf("a thousand invalidations take %v allocations", allocs)
	}
}
