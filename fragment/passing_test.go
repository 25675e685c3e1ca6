package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// What a fill says of its own entry is said to nobody where it has none because
// its cache is off: the page around it has a TTL of its own, and is stored. It
// lives no longer than its part would, as with a part that is stored.
func TestPartThatIsOffSpeaksOfItself(t *testing.T) {
	off := fragment.Policy{TTL: -1}
	for name, step := range map[string]struct {
		say  func(context.Context)
		want time.Duration
	}{
		"nothing":             {func(context.Context) {}, time.Minute},
		"SkipStore":           {func(ctx context.Context) { fragment.SkipStore(ctx, "dull") }, time.Minute},
		"SetTTL, longer":      {func(ctx context.Context) { fragment.SetTTL(ctx, time.Hour) }, time.Minute},
		"SetTTL, shorter":     {func(ctx context.Context) { fragment.SetTTL(ctx, time.Second) }, time.Second},
		"SetTTL, zero":        {func(ctx context.Context) { fragment.SetTTL(ctx, 0) }, time.Minute},
		"LimitTTL":            {func(ctx context.Context) { fragment.LimitTTL(ctx, time.Second) }, time.Second},
		"DoNotStore":          {func(ctx context.Context) { fragment.DoNotStore(ctx, "private") }, 0},
		"a part of that part": {partThatIsSkipped(t), time.Minute},
	} {
		part := func(c *fragment.Cache) fill {
			return func(ctx context.Context) ([]byte, error) {
				return c.Do(ctx, fragment.KeyOf("part"), off, func(ctx context.Context) ([]byte, error) {
					step.say(ctx)
					return nil, nil
				})
			}
		}
		many := func(c *fragment.Cache) fill {
			return func(ctx context.Context) ([]byte, error) {
				_, err := c.DoMany(ctx, keysOf(1), off, func(ctx context.Context, missing []int) ([]fragment.Filled, error) {
					step.say(ctx)
					return make([]fragment.Filled, len(missing)), nil
				})
				return nil, err
			}
		}
		for how, fill := range map[string]func(*fragment.Cache) fill{"Do": part, "DoMany": many} {
			synctest.Test(t, func(t *testing.T) {
				c, page := fresh(t, fragment.Options{}), fragment.KeyOf("page")
				wantDo(t, c, page, fragment.Policy{TTL: time.Minute}, fill(c), "")
				if left, _, _ := c.TTL(t.Context(), page); left != step.want {
					t.Errorf("%s, %s: the page lives %v, want %v", name, how, left, step.want)
				}
			})
		}
	}
}

// partThatIsSkipped has an entry of its own again, to speak of.
func partThatIsSkipped(t *testing.T) func(context.Context) {
	c := open(t, fragment.Null(), fragment.Options{})
	return func(ctx context.Context) {
		_, _ = c.Do(ctx, fragment.KeyOf("inner"), fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
			fragment.SkipStore(ctx, "dull")
			fragment.SetTTL(ctx, 2*time.Hour)
			return nil, nil
		})
	}
}

// Of many that are off, each would live as long as was said of it.
func TestPartsThatAreOffLiveAsLongAsEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, page := fresh(t, fragment.Options{}), fragment.KeyOf("page")
		wantDo(t, c, page, fragment.Policy{TTL: time.Minute}, func(ctx context.Context) ([]byte, error) {
			_, err := c.DoMany(ctx, keysOf(1, 2), fragment.Policy{TTL: -1}, func(context.Context, []int) ([]fragment.Filled, error) {
				return []fragment.Filled{{TTL: time.Hour}, {TTL: time.Second, Skip: "dull"}}, nil
			})
			return nil, err
		}, "")
		if left, _, _ := c.TTL(t.Context(), page); left != time.Second {
			t.Errorf("the page lives %v, want 1s", left)
		}
	})
}

// A call can keep its fill to itself where the Cache lets fills go.
func TestInline(t *testing.T) {
	for _, row := range []struct {
		label       string
		cache, call fragment.Policy
		want        string
	}{
		{"by default detached", fragment.Policy{Detach: true}, fragment.Policy{}, "old"},
		{"inline nevertheless", fragment.Policy{Detach: true}, fragment.Policy{Inline: true}, "new"},
		{"by default inline", fragment.Policy{Inline: true}, fragment.Policy{Detach: true}, "new"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, p := fresh(t, fragment.Options{Policy: row.cache}), row.call
			p.TTL, p.Stale = time.Second, time.Minute
			old(t, c, keysOf(1)[0], p)
			wantDo(t, c, keysOf(1)[0], p, give("new"), row.want)
			l := &loader{edit: func(_ int, f *fragment.Filled) { f.Value = []byte("old") }}
			doMany(t, c, p, l, 2, 3)
			time.Sleep(time.Second)
			l.edit = func(_ int, f *fragment.Filled) { f.Value = []byte("new") }
			if got, want := doMany(t, c, p, l, 2, 3), row.want+", "+row.want; got != want {
				t.Errorf("%s: many: got %s, want %s", row.label, got, want)
			}
		})
	}
}
