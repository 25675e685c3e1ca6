package memo_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// One lookup is one miss, with LoadMany and without.
func TestGetManyCountsEachLookupOnce(t *testing.T) {
	for _, batched := range []bool{true, false} {
		c, _ := newCache(t)
		l := &library{}
		var o memo.Options[int, []string]
		if batched {
			o.LoadMany = l.many
		}
		f, err := memo.NewWithOptions(c, "book", fragment.Policy{TTL: time.Minute}, o, l.one)
		mustDo(t, err)
		f.GetMany(context.Background(), []int{1, 2, 3})
		if got := c.Stats(); got.Misses != 3 || got.Hits != 0 {
			t.Errorf("batched %v: %d misses, %d hits of 3 lookups", batched, got.Misses, got.Hits)
		}
		f.GetMany(context.Background(), []int{4, 4, 4})
		if got := c.Stats(); got.Misses != 4 {
			t.Errorf("batched %v: %d misses of 1 new key", batched, got.Misses)
		}
	}
}
