package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func TestDoFillsOnceAndThenHits(t *testing.T) {
	var runs atomic.Int64
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	for range 3 {
		wantDo(t, c, k, fragment.Policy{}, counted(&runs, give("v")), "v")
	}
	wantDo(t, c, fragment.KeyOf("k", 2), fragment.Policy{}, give("other"), "other")
	if runs.Load() != 1 {
		t.Errorf("the fill ran %d times, want once", runs.Load())
	}
	must(t, c.Delete(t.Context(), k))
	wantDo(t, c, k, fragment.Policy{}, give("new"), "new")
}

// A fill that fails stores nothing, and its error comes back as it is.
func TestDoReturnsTheErrorOfTheFill(t *testing.T) {
	var runs atomic.Int64
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	for range 2 {
		value, err := c.Do(t.Context(), k, fragment.Policy{}, counted(&runs, fails))
		if err != errFill || value != nil {
			t.Errorf("Do = %q, %v, want the very error of the fill", value, err)
		}
	}
	both := func(context.Context) ([]byte, error) { return []byte("half"), errFill }
	if value, err := c.Do(t.Context(), k, fragment.Policy{}, both); err != errFill || value != nil {
		t.Errorf("Do = %q, %v, want no value with an error", value, err)
	}
	if runs.Load() != 2 {
		t.Errorf("the failing fill ran %d times, want twice", runs.Load())
	}
	wantGet(t, c, k, "-")
}

func TestDoWithoutAFill(t *testing.T) {
	c := fresh(t, fragment.Options{})
	if _, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, nil); !errors.Is(err, fragment.ErrNilFill) {
		t.Errorf("error %v, want ErrNilFill", err)
	}
}

// goroutine names the goroutine that calls it.
func goroutine() string {
	head := make([]byte, 64)
	head = head[:runtime.Stack(head, false)]
	return string(head[:bytes.IndexByte(head, '[')])
}

// A fill runs where its caller is, so that what it has there (a panic handler,
// a template's state) is around it.
func TestFillRunsOnTheGoroutineOfItsCaller(t *testing.T) {
	c, here := fresh(t, fragment.Options{Wait: -1}), goroutine()
	where := func(context.Context) ([]byte, error) { return []byte(goroutine()), nil }
	wantDo(t, c, fragment.KeyOf("led"), fragment.Policy{}, where, here)
	wantDo(t, c, fragment.KeyOf("off"), fragment.Policy{TTL: -1}, where, here)
	nested := func(ctx context.Context) ([]byte, error) {
		return c.Do(ctx, fragment.KeyOf("nested"), fragment.Policy{}, where)
	}
	wantDo(t, c, fragment.KeyOf("nested"), fragment.Policy{}, nested, here)
}

// A panic and a Goexit go their way through Do, store nothing, and leave the
// key as it was.
func TestFillThatPanicsOrExits(t *testing.T) {
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	if p := panicOf(func() { c.Do(t.Context(), k, fragment.Policy{}, panics) }); p != "oh no" {
		t.Errorf("recovered %v, want the panic of the fill", p)
	}
	wantGet(t, c, k, "-")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Do(t.Context(), k, fragment.Policy{}, func(context.Context) ([]byte, error) {
			runtime.Goexit()
			return nil, nil
		})
		t.Error("Do returned from a fill that called Goexit")
	}()
	<-ended
	wantGet(t, c, k, "-")
	wantDo(t, c, k, fragment.Policy{}, give("v"), "v")
}

type ctxKey struct{}

// The ctx of the fill is the caller's own, with a Scope.
func TestFillGetsTheContextOfItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), ctxKey{}, "mine"))
	c := fresh(t, fragment.Options{})
	fill := func(inner context.Context) ([]byte, error) {
		cancel()
		if inner.Err() == nil {
			t.Error("the ctx of the fill does not end with that of the caller")
		}
		return []byte(inner.Value(ctxKey{}).(string)), nil
	}
	if got := do(t, ctx, c, fragment.KeyOf("k"), fragment.Policy{}, fill); got != "mine" {
		t.Errorf("Do = %q", got)
	}
	wantGet(t, c, fragment.KeyOf("k"), "mine") // a caller who is gone does not spoil the write
}

// An ended ctx does not keep Do from reading what is stored.
func TestDoOfACallerWhoIsGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{}, give("v"), "v")
	cancel()
	if got := do(t, ctx, c, k, fragment.Policy{}, fails); got != "v" {
		t.Errorf("Do = %q, want the stored value", got)
	}
}

// The same key inside its own fill is filled once more, and not waited for.
func TestSameKeyInsideItsFill(t *testing.T) {
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	var nest func(depth int) fill
	nest = func(depth int) fill {
		return func(ctx context.Context) ([]byte, error) {
			if depth == 0 {
				return []byte("deepest"), nil
			}
			value, err := c.Do(ctx, k, fragment.Policy{}, nest(depth-1))
			return append([]byte("in "), value...), err
		}
	}
	wantDo(t, c, k, fragment.Policy{}, nest(3), "in in in deepest")
	wantGet(t, c, k, "in in in deepest")
}
