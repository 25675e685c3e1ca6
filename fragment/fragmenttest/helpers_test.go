package fragmenttest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// open returns a Cache over b that is closed with the test.
func open(t testing.TB, b fragment.Backend, o fragment.Options) *fragment.Cache {
	t.Helper()
	c, err := fragment.New(b, o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// give is a fill that returns value.
func give(value string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(value), nil }
}

// wantDo tests what Do returns.
func wantDo(t testing.TB, c *fragment.Cache, k fragment.Key, fill, want string) {
	t.Helper()
	got, err := c.Do(t.Context(), k, fragment.Policy{}, give(fill))
	if string(got) != want || err != nil {
		t.Errorf("Do: got %q, %v, want %q", got, err, want)
	}
}

func set(t testing.TB, b fragment.Backend, key, value string, ttl time.Duration) {
	t.Helper()
	if err := b.Set(t.Context(), key, []byte(value), ttl); err != nil {
		t.Errorf("Set(%q): %v", key, err)
	}
}

// wantGet tests what is under key; a miss is "-".
func wantGet(t testing.TB, b fragment.Backend, key, want string) {
	t.Helper()
	value, ok, err := b.Get(t.Context(), key)
	got := string(value)
	if !ok {
		got = "-"
	}
	if got != want || err != nil {
		t.Errorf("Get(%q): got %q, %v, want %q", key, got, err, want)
	}
}

func wantErr(t testing.TB, doing string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got error %v, want %v", doing, got, want)
	}
}

func wantEqual[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
