package fragment_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var errFill = errors.New("the fill failed")

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

// fresh returns a Cache over a memory of its own.
func fresh(t testing.TB, o fragment.Options) *fragment.Cache {
	t.Helper()
	return open(t, local{newMemory()}, o)
}

// fill is what Do is given.
type fill = func(context.Context) ([]byte, error)

// give is a fill that returns value.
func give(value string) fill {
	return func(context.Context) ([]byte, error) { return []byte(value), nil }
}

// counted is f, and counts its runs.
func counted(runs *atomic.Int64, f fill) fill {
	return func(ctx context.Context) ([]byte, error) {
		runs.Add(1)
		return f(ctx)
	}
}

// fails is a fill that returns errFill.
func fails(context.Context) ([]byte, error) { return nil, errFill }

// takes is a fill that returns value after d, or gives up with its ctx.
func takes(d time.Duration, value string) fill {
	return func(ctx context.Context) ([]byte, error) {
		select {
		case <-time.After(d):
			return []byte(value), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// do is Do for a fill that is not to fail.
func do(t testing.TB, ctx context.Context, c *fragment.Cache, k fragment.Key, p fragment.Policy, f fill) string {
	t.Helper()
	value, err := c.Do(ctx, k, p, f)
	if err != nil {
		t.Errorf("Do(%v): %v", k, err)
	}
	return string(value)
}

// wantDo tests what Do returns.
func wantDo(t testing.TB, c *fragment.Cache, k fragment.Key, p fragment.Policy, f fill, want string) {
	t.Helper()
	if got := do(t, t.Context(), c, k, p, f); got != want {
		t.Errorf("Do(%v) = %q, want %q", k, got, want)
	}
}

// wantGet tests what is stored under k; a miss is "-".
func wantGet(t testing.TB, c *fragment.Cache, k fragment.Key, want string) {
	t.Helper()
	value, ok, err := c.Get(t.Context(), k)
	got := string(value)
	if !ok {
		got = "-"
	}
	if got != want || err != nil {
		t.Errorf("Get(%v) = %q, %v, want %q", k, got, err, want)
	}
}

func wantErr(t testing.TB, doing string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: error %v, want %v", doing, got, want)
	}
}

// must stops a test at an error that is none of its business.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watcher keeps the events that it is told.
type watcher struct {
	mu   sync.Mutex
	seen []fragment.Event // guarded by mu
}

func (w *watcher) observe(_ context.Context, e fragment.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, e)
}

// events returns those of some kinds, or all.
func (w *watcher) events(kinds ...fragment.EventKind) []fragment.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []fragment.Event
	for _, e := range w.seen {
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			some = append(some, e)
		}
	}
	return some
}

// take returns the kinds of what was seen since the last take.
func (w *watcher) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kinds []string
	for _, e := range w.seen {
		kinds = append(kinds, e.Kind.String())
	}
	w.seen = nil
	return kinds
}
