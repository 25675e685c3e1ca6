package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// slowly fills k, and meanwhile something happens.
type slowly func(t *testing.T, c *fragment.Cache, k fragment.Key, meanwhile func())

var week = fragment.Policy{TTL: 7 * 24 * time.Hour, Stale: time.Hour}

var slowWays = map[string]slowly{
	"a fill": func(t *testing.T, c *fragment.Cache, k fragment.Key, meanwhile func()) {
		wantDo(t, c, k, week, func(context.Context) ([]byte, error) { meanwhile(); return []byte("old"), nil }, "old")
	},
	"a fill that takes long": func(t *testing.T, c *fragment.Cache, k fragment.Key, meanwhile func()) {
		wantDo(t, c, k, week, func(context.Context) ([]byte, error) {
			meanwhile()
			time.Sleep(11 * time.Minute)
			return []byte("old"), nil
		}, "old")
	},
	"a fill of many": func(t *testing.T, c *fragment.Cache, k fragment.Key, meanwhile func()) {
		_, err := c.DoMany(t.Context(), []fragment.Key{fragment.KeyOf("other"), k}, week, func(context.Context, []int) ([]fragment.Filled, error) {
			meanwhile()
			return []fragment.Filled{{Value: []byte("other")}, {Value: []byte("old")}}, nil
		})
		must(t, err)
	},
}

var changes = map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
	"Delete": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
	"Set": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
		return c.Set(ctx, k, []byte("new"), fragment.Policy{TTL: time.Second})
	},
}

// What was written by a process that had not heard of a Delete, or of a Set, in
// another one is not served, also when nobody remembers those any more.
func TestNothingDeletedComesBackInTheEnd(t *testing.T) {
	for what, change := range changes {
		for how, slowly := range slowWays {
			synctest.Test(t, func(t *testing.T) {
				p, k := newSteppers(t, 2, fragment.Options{}), fragment.KeyOf("k")
				slowly(t, p.caches[0], k, func() { must(t, change(t.Context(), p.caches[1], k)) })
				wantNever(t, p, k, "old", what+" beside "+how)
			})
		}
	}
}

// Nor by one that gave an entry another life, or set it at the same time.
func TestNothingDeletedIsGivenANewLife(t *testing.T) {
	for what, change := range changes {
		for how, write := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
			"Touch": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
				_, err := c.Touch(ctx, k, week)
				return err
			},
			"Expire": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Expire(ctx, k) },
			"Set": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
				return c.Set(ctx, k, []byte("old"), week)
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				p, k := newSteppers(t, 2, fragment.Options{}), fragment.KeyOf("k")
				must(t, p.caches[1].Set(t.Context(), k, []byte("old"), week))
				p.conns[0].before = first(writesEntry, func() { must(t, change(t.Context(), p.caches[1], k)) })
				must(t, write(t.Context(), p.caches[0], k))
				wantNever(t, p, k, "old", what+" beside "+how)
				value, err := p.caches[0].Do(t.Context(), k, week, fails)
				if err == nil {
					t.Errorf("%s beside %s: %q is kept as stale", what, how, value)
				}
			})
		}
	}
}

// If it cannot be removed, it is not served by the one who knows, until it is.
func TestWhatCannotBeTakenBackIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newSteppers(t, 2, fragment.Options{}), fragment.KeyOf("k")
		p.conns[0].before = first(removesEntries, p.conns[0].Cut)
		slowWays["a fill"](t, p.caches[0], k, func() { must(t, p.caches[1].Delete(t.Context(), k)) })
		time.Sleep(time.Minute)
		p.conns[0].Mend()
		wantNever(t, p, k, "old", "when the connection is back")
	})
}

// wantNever tests for half an hour that no process serves value.
func wantNever(t *testing.T, p *steppers, k fragment.Key, value, why string) {
	t.Helper()
	for minute := range 30 {
		for i, c := range p.caches {
			if got, ok, _ := c.Get(t.Context(), k); ok && string(got) == value {
				t.Errorf("%s: process %d serves %q after %d minutes", why, i, got, minute)
				return
			}
		}
		time.Sleep(time.Minute)
	}
}
