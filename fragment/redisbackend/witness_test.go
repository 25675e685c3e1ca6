package redisbackend_test

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// A database that is flushed before the first look at it has succeeded is told to have
// changed too.
func TestFlushBeforeTheFirstLook(t *testing.T) {
	s := servers.Redis(t, "--user", "app", "on", ">s3cret", "~*", "&*", "+@all", "-eval", "-evalsha")
	ear := watching(t, as(t, s, "app", modes["pubsub"]))
	time.Sleep(2 * briefPing)
	before := ear.flushes()
	time.Sleep(2 * briefPing)
	if n := ear.flushes(); n != before {
		t.Fatalf("got told %d times that all may have changed, before anything had", n-before)
	}
	command(t, s.Addr, "FLUSHDB")
	command(t, s.Addr, "ACL SETUSER app +eval +evalsha")
	eventually(t, "all is told to have changed after FLUSHDB", func() bool { return ear.flushes() > before })
}
