package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// The stamp of a key outlives its entry, however that came to its life.
func TestEntryLivesAsLongAsItIsGiven(t *testing.T) {
	const day = 24 * time.Hour
	k, ctx := fragment.KeyOf("k"), t.Context()
	for how, store := range map[string]func(t *testing.T, c *fragment.Cache){
		"by its policy": func(t *testing.T, c *fragment.Cache) {
			wantDo(t, c, k, fragment.Policy{TTL: day + time.Minute}, give("value"), "value")
		},
		"by its fill": func(t *testing.T, c *fragment.Cache) {
			wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, func(ctx context.Context) ([]byte, error) {
				fragment.SetTTL(ctx, day+time.Minute)
				return []byte("value"), nil
			}, "value")
		},
		"set": func(t *testing.T, c *fragment.Cache) {
			must(t, c.Set(ctx, k, []byte("value"), fragment.Policy{TTL: day + time.Minute}))
		},
		"touched": func(t *testing.T, c *fragment.Cache) {
			wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, give("value"), "value")
			ok, err := c.Touch(ctx, k, fragment.Policy{TTL: day + time.Minute})
			if must(t, err); !ok {
				t.Error("not touched")
			}
		},
		"touched for ever": func(t *testing.T, c *fragment.Cache) {
			wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, give("value"), "value")
			_, err := c.Touch(ctx, k, fragment.Policy{TTL: fragment.Forever})
			must(t, err)
		},
		"filled again and again": func(t *testing.T, c *fragment.Cache) {
			for range 100 {
				wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, give("old"), "old")
				time.Sleep(2 * time.Minute)
			}
			wantDo(t, c, k, fragment.Policy{TTL: day + time.Minute}, give("value"), "value")
		},
		"beside another": func(t *testing.T, c *fragment.Cache) {
			wantDo(t, c, fragment.KeyOf("main"), fragment.Policy{TTL: day + time.Minute}, func(ctx context.Context) ([]byte, error) {
				fragment.StoreWith(ctx, k, []byte("value"))
				return nil, nil
			}, "")
		},
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProcesses(t, 2, fragment.Options{})
				store(t, p.caches[0])
				time.Sleep(day)
				wantGet(t, p.caches[1], k, "value")
			})
		})
	}
}

// What a fill leaves behind that stores nothing is small, and ends.
func TestFillThatStoresNothingLeavesNothingForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		do(t, t.Context(), p.caches[0], k, fragment.Policy{TTL: fragment.Forever}, func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "")
			return nil, nil
		})
		time.Sleep(24 * time.Hour)
		for _, key := range p.server.Keys() {
			if ttl, _ := p.server.TTL(key); ttl != fragment.Forever || !isStamp(key) || key == "!k|k" {
				t.Errorf("%q is left, with a ttl of %v", key, ttl)
			}
		}
	})
}

// To prolong a stamp is worth a fault Event, and no more: the entry is stored.
func TestStampThatIsNotProlonged(t *testing.T) {
	var faults fragmenttest.Faults
	w, k := new(watcher), fragment.KeyOf("k")
	c := open(t, faults.Wrap(untouchable{fragmenttest.NewServer().Connect()}), fragment.Options{Observe: w.observe})
	wantDo(t, c, k, fragment.Policy{TTL: 48 * time.Hour}, give("value"), "value")
	wantGet(t, c, k, "value")
	if told := w.events(fragment.EventFault); len(told) != 1 || told[0].Reason != "touch" {
		t.Errorf("told %v, want one fault of touch", told)
	}
}

// untouchable fails to touch.
type untouchable struct{ *fragmenttest.Conn }

func (untouchable) Touch(_ context.Context, _ time.Duration, keys ...string) error {
	if len(keys) > 0 {
		return errFill
	}
	return nil
}
