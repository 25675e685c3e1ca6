package redisbackend_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// askOfEight asks for a page of eight parts and tells how long it takes.
func askOfEight(t *testing.T, c *fragment.Cache, name string) time.Duration {
	t.Helper()
	part := func(context.Context) ([]byte, error) { return []byte("part"), nil }
	page := func(ctx context.Context) ([]byte, error) {
		for i := range 8 {
			if got, err := c.Do(ctx, fragment.KeyOf("part", i), fragment.Policy{}, part); string(got) != "part" || err != nil {
				t.Errorf("part %d: got %q, error %v", i, got, err)
			}
		}
		return []byte("page"), nil
	}
	began := time.Now()
	if got, err := c.Do(ctx, fragment.KeyOf(name), fragment.Policy{}, page); string(got) != "page" || err != nil {
		t.Errorf("%s: got %q, error %v", name, got, err)
	}
	return time.Since(began)
}

// A page of many parts waits for a server that hangs no longer than one read may
// take, and so does the next; what was stored is served when it goes on.
func TestHangingServerCostsAPageOneBudget(t *testing.T) {
	const budget, slack = 200 * time.Millisecond, 150 * time.Millisecond
	s := servers.Redis(t)
	c, err := fragment.New(dialed(t, s.Addr, redisbackend.Options{}), fragment.Options{ReadTimeout: budget})
	if err != nil {
		t.Fatal(err)
	}
	askOfEight(t, c, "before")
	s.Signal(syscall.SIGSTOP)
	defer s.Signal(syscall.SIGCONT)
	for _, name := range []string{"first", "second"} {
		if d := askOfEight(t, c, name); d < budget/2 || d > budget+slack {
			t.Errorf("the %s page took %v, want one budget of %v", name, d, budget)
		}
	}
	s.Signal(syscall.SIGCONT)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if got, ok, _ := c.Get(ctx, fragment.KeyOf("before")); ok && string(got) == "page" {
			return
		}
		if time.Now().After(end) {
			t.Fatal("what was stored before is not served any more")
		}
	}
}
