package redisbackend_test

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// What another program left under the key of a lease, and does not end, is none.
func TestForeignLeaseKeepsNobodyWaiting(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	for _, foreign := range []string{`SET "key lease" somebody`, `RPUSH "key lease" a b`} {
		if reply, err := servers.RedisCommand(s.Addr, foreign); err != nil || reply[0] == '-' {
			t.Fatalf("%s: got %q, %v", foreign, reply, err)
		}
		if got, err := b.Lock(within(t, 5*time.Second), "key", "me", time.Minute); !got || err != nil {
			t.Errorf("after %s: Lock: got %v, error %v, want true", foreign, got, err)
		}
		if got, err := b.Lock(within(t, 5*time.Second), "key", "another", time.Minute); got || err != nil {
			t.Errorf("after %s: Lock by another: got %v, error %v, want false", foreign, got, err)
		}
		if err := b.Unlock(within(t, 5*time.Second), "key", "me"); err != nil {
			t.Errorf("after %s: Unlock: got error %v, want none", foreign, err)
		}
	}
}
