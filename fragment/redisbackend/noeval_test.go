package redisbackend_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// A user who may not run scripts has no leases, and Expire deletes; nothing else fails.
func TestUserWithoutScripts(t *testing.T) {
	s := servers.Redis(t, "--user", "app", "on", ">s3cret", "~*", "&*", "+@all", "-@scripting")
	var seen fragmenttest.Recorder
	c, err := fragment.New(as(t, s, "app", redisbackend.Options{}), fragment.Options{Observe: seen.Observe})
	if err != nil {
		t.Fatal(err)
	}
	k := fragment.KeyOf("page")
	give := func(context.Context) ([]byte, error) { return []byte("page"), nil }
	if got, err := c.Do(ctx, k, fragment.Policy{}, give); string(got) != "page" || err != nil {
		t.Errorf("Do: got %q, error %v", got, err)
	}
	time.Sleep(3 * time.Second)
	if ok, err := c.Touch(ctx, k, fragment.Policy{}); !ok || err != nil {
		t.Errorf("Touch: got %v, error %v", ok, err)
	}
	if err := c.Expire(ctx, k); err != nil {
		t.Errorf("Expire: %v", err)
	}
	if _, ok, err := c.Get(ctx, k); ok || err != nil {
		t.Errorf("Get after Expire: got %v, error %v, want a miss", ok, err)
	}
	for _, kind := range []fragment.EventKind{fragment.EventFault, fragment.EventBreaker} {
		for _, e := range seen.Events(kind) {
			t.Errorf("%v %s %v", e.Kind, e.Reason, e.Err)
		}
	}
}
