package fragment_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func TestInfoTellsWhatAnEntryIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		k, p := fragment.KeyOf("a", 1), fragment.Policy{TTL: time.Minute, Stale: time.Hour, Tags: []string{"t"}}
		if _, ok, err := c.Info(ctx, k); ok || err != nil {
			t.Errorf("got %v, %v before it is stored, want false", ok, err)
		}
		began := time.Now()
		if _, err := c.Do(ctx, k, p, func(ctx context.Context) ([]byte, error) {
			time.Sleep(3 * time.Second)
			fragment.AddTags(ctx, "u")
			return []byte("value"), nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, after := range []time.Duration{0, 2 * time.Minute} {
			time.Sleep(after)
			i, ok, err := c.Info(ctx, k)
			slices.Sort(i.Tags)
			if !ok || err != nil || i.Fresh != (after == 0) || i.Life != time.Minute || i.Cost != 3*time.Second || i.Size != 5 ||
				!slices.Equal(i.Tags, []string{"t", "u"}) || !i.Created.Equal(began.Add(3*time.Second)) {
				t.Errorf("%v later: got %+v, %v, %v", after, i, ok, err)
			}
		}
		if _, _, err := c.Info(ctx, fragment.Key{}); err == nil {
			t.Error("got no error for an invalid key")
		}
	})
}
