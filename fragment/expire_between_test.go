package fragment_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// between calls a function once, before the entry under a key is written over.
type between struct {
	*fragmenttest.Conn
	key  string
	then func()
}

func (b *between) happens(key string) {
	if then := b.then; key == b.key && then != nil {
		b.then = nil
		then()
	}
}

func (b *between) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	b.happens(key)
	return b.Conn.Set(ctx, key, value, ttl)
}

func (b *between) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	b.happens(key)
	return b.Conn.Swap(ctx, key, old, value, ttl)
}

// What another process fills anew while one expires a key is not replaced by what was
// there before.
func TestExpireDoesNotReplaceWhatIsFilledMeanwhile(t *testing.T) {
	server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
	b := &between{Conn: server.Connect(), key: fragment.TextOf(k)}
	here, there := open(t, b, fragment.Options{}), open(t, server.Connect(), fragment.Options{})
	lasting := fragment.Policy{TTL: time.Hour, Stale: time.Hour}
	wantDo(t, here, k, lasting, give("old"), "old")
	b.then = func() { wantDo(t, there, k, lasting, give("new"), "new") }
	must(t, here.Expire(t.Context(), k))
	for _, c := range []*fragment.Cache{here, there} {
		wantDo(t, c, k, lasting, fails, "new")
	}
}

// Nor does Touch replace what another process has refreshed meanwhile.
func TestTouchDoesNotReplaceWhatIsRefreshedMeanwhile(t *testing.T) {
	server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
	b := &between{Conn: server.Connect(), key: fragment.TextOf(k)}
	here, there := open(t, b, fragment.Options{}), open(t, server.Connect(), fragment.Options{})
	wantDo(t, here, k, withTags(), give("old"), "old")
	b.then = func() { wantDo(t, there, k, fragment.Policy{TTL: time.Hour, Refresh: true}, give("new"), "new") }
	if ok, err := here.Touch(t.Context(), k, withTags()); !ok || err != nil {
		t.Errorf("Touch: got %v, error %v", ok, err)
	}
	for _, c := range []*fragment.Cache{here, there} {
		wantGet(t, c, k, "new")
	}
}
