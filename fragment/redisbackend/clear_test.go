package redisbackend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func TestDeletePrefixDeletesThatAlone(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	prefixes := []string{"shop:", "shop", "sho?:", "[shop]:", "*", "s*p:", `shop\:`, "^", "{a}:", "sh"}
	for _, doomed := range prefixes {
		command(t, s.Addr, "FLUSHALL")
		items := make(map[string][]byte)
		for _, prefix := range prefixes {
			for i := range 300 {
				items[fmt.Sprint(prefix, "key", i)] = []byte("value")
			}
		}
		if err := b.SetMany(ctx, items, ttl); err != nil {
			t.Fatal(err)
		}
		if err := b.DeletePrefix(ctx, doomed); err != nil {
			t.Fatal(err)
		}
		left := 0
		for key := range items {
			if !strings.HasPrefix(key, doomed) {
				left++
			}
		}
		if got := command(t, s.Addr, "DBSIZE"); got != fmt.Sprint(":", left) {
			t.Errorf("DeletePrefix(%q): got %s keys left, want %d", doomed, got, left)
		}
	}
	if err := b.DeletePrefix(ctx, ""); err == nil {
		t.Error("DeletePrefix of all there is: got no error")
	}
}
