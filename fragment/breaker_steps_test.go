package fragment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// awaitBreaker waits until the breaker was told to be so for the last time.
func awaitBreaker(t *testing.T, seen *fragmenttest.Recorder, state string) {
	t.Helper()
	for range 1000 {
		told := seen.Events(fragment.EventBreaker)
		if len(told) > 0 && told[len(told)-1].Reason == state {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the breaker is never %s", state)
}

// wantBreaker tests what the breaker was told to be.
func wantBreaker(t *testing.T, seen *fragmenttest.Recorder, want ...string) {
	t.Helper()
	var told []string
	for _, e := range seen.Events(fragment.EventBreaker) {
		told = append(told, e.Reason)
	}
	if !slices.Equal(told, want) {
		t.Errorf("the breaker was told to be %q, want %q", strings.Join(told, ", "), strings.Join(want, ", "))
	}
}

// A breaker that is half open opens again at the first fault.
func TestBreakerHalfOpenOpensAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newProcesses(t, 1, fragment.Options{}), t.Context(), fragment.KeyOf("k")
		p.server.Down()
		for range 5 {
			wantGet(t, p.caches[0], k, "-")
		}
		p.server.Up()
		awaitBreaker(t, &p.seen, "half open")
		p.server.Down()
		wantErr(t, "Delete", p.caches[0].Delete(ctx, k), errUnreachable)
		wantErr(t, "Delete", p.caches[0].Delete(ctx, k), fragment.ErrDown)
		p.server.Up()
		awaitBreaker(t, &p.seen, "closed")
		wantBreaker(t, &p.seen, "open", "half open", "open", "half open", "closed")
	})
}

// Only faults in a row open it.
func TestBreakerCountsFaultsInARow(t *testing.T) {
	p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
	must(t, p.caches[0].Set(t.Context(), k, []byte("v"), withTags()))
	for range 3 {
		p.server.Down()
		for range 4 {
			wantGet(t, p.caches[0], k, "-")
		}
		p.server.Up()
		wantGet(t, p.caches[0], k, "v")
	}
	wantBreaker(t, &p.seen)
}

// A caller who does not wait long tells nothing of a server that is slow.
func TestBreakerHeedsNoCallerWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		must(t, p.caches[0].Set(t.Context(), k, []byte("v"), withTags()))
		p.server.Hang()
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), readBudget/10)
			if _, ok, err := p.caches[0].Get(ctx, k); ok || err != nil {
				t.Errorf("Get: %t, %v, want a miss", ok, err)
			}
			cancel()
		}
		p.server.Up()
		wantGet(t, p.caches[0], k, "v")
		wantBreaker(t, &p.seen)
	})
}

// refusing takes stamps and no entries.
type refusing struct{ fragment.Backend }

func (r refusing) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if !isStamp(key) {
		return fragment.ErrTooLarge
	}
	return r.Backend.Set(ctx, key, value, ttl)
}

// A Backend that refuses a value answers.
func TestBreakerHeedsNoValueThatIsTooLarge(t *testing.T) {
	server, seen := fragmenttest.NewServer(), new(fragmenttest.Recorder)
	c := open(t, refusing{server.Connect()}, fragment.Options{Observe: seen.Observe, MaxFaults: 1})
	for range 3 {
		wantErr(t, "Set", c.Set(t.Context(), fragment.KeyOf("k"), nil, withTags()), fragment.ErrTooLarge)
	}
	wantBreaker(t, seen)
}

// A Set works as soon as the backend is written to again.
func TestSetAfterRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcesses(t, 1, fragment.Options{MaxFaults: 1})
		c := p.caches[0]
		p.server.Down()
		c.Set(t.Context(), body, []byte("v"), fragment.Policy{})
		p.server.Up()
		time.Sleep(400 * time.Millisecond)
		if err := c.Delete(t.Context(), body); err != nil {
			t.Errorf("Delete: %v", err)
		}
		if err := c.InvalidateTags(t.Context(), "t"); err != nil {
			t.Errorf("InvalidateTags: %v", err)
		}
		if err := c.Set(t.Context(), body, []byte("v"), fragment.Policy{}); err != nil {
			t.Errorf("Set: %v", err)
		}
	})
}
