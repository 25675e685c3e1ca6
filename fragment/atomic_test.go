package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// hesitant is a Backend that lets others go first before each call, so that
// what is not one step falls apart.
func hesitant() fragment.Backend {
	yield := func() error { runtime.Gosched(); return nil }
	return local{&meddler{
		Backend: newMemory(),
		get:     func(context.Context, string) error { return yield() },
		set:     func(context.Context, string) error { return yield() },
		remove:  func(context.Context, []string) error { return yield() },
	}}
}

func TestIncrementIsOneStep(t *testing.T) {
	const callers, each = 16, 100
	c, k := open(t, hesitant(), fragment.Options{}), fragment.KeyOf("n")
	var seen sync.Map
	together(callers, func(int) {
		for range each {
			sum, err := c.Increment(t.Context(), k, 1, fragment.Policy{})
			must(t, err)
			if _, twice := seen.LoadOrStore(sum, true); twice {
				t.Errorf("two callers got %d", sum)
			}
			if ok, err := c.Touch(t.Context(), k, fragment.Policy{TTL: time.Hour}); !ok || err != nil {
				t.Errorf("Touch = %t, %v", ok, err)
			}
		}
	})
	wantGet(t, c, k, fmt.Sprint(callers*each))
}

func TestAddIsOneStep(t *testing.T) {
	c := open(t, hesitant(), fragment.Options{})
	for i := range 50 {
		var winners atomic.Int64
		var won atomic.Value
		together(16, func(j int) {
			added, err := c.Add(t.Context(), fragment.KeyOf("a", i), fmt.Append(nil, j), fragment.Policy{})
			must(t, err)
			if added {
				winners.Add(1)
				won.Store(fmt.Sprint(j))
			}
		})
		if winners.Load() != 1 {
			t.Fatalf("%d callers added the same key", winners.Load())
		}
		wantGet(t, c, fragment.KeyOf("a", i), won.Load().(string))
	}
}

func TestAddTakesAnExpiredPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		want := func(value string, want bool) {
			t.Helper()
			if added, err := c.Add(t.Context(), k, []byte(value), staleMinute); added != want || err != nil {
				t.Errorf("Add(%q) = %t, %v, want %t", value, added, err, want)
			}
		}
		want("a", true)
		want("b", false)
		wantGet(t, c, k, "a")
		time.Sleep(time.Second)
		want("c", true) // what is stale is not in the way
		must(t, c.Delete(t.Context(), k))
		want("d", true)
		must(t, c.Clear(t.Context()))
		want("e", true)
		wantGet(t, c, k, "e")
	})
}

func TestIncrementKeepsTheLifeAndTheTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("n")
		p := fragment.Policy{TTL: time.Minute, Tags: []string{"t"}}
		add := func(delta, want int64) {
			t.Helper()
			if sum, err := c.Increment(ctx, k, delta, p); sum != want || err != nil {
				t.Errorf("Increment by %d = %d, %v, want %d", delta, sum, err, want)
			}
		}
		add(5, 5)
		time.Sleep(50 * time.Second)
		p.TTL = time.Hour // is not the policy of a counter that is there
		add(0, 5)
		add(-7, -2)
		wantGet(t, c, k, "-2")
		time.Sleep(10 * time.Second)
		add(1, 1)
		must(t, c.InvalidateTags(ctx, "t"))
		add(2, 2)
	})
}

func TestIncrementOfWhatIsNoNumber(t *testing.T) {
	ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("n")
	for _, text := range []string{"", "x", "1.5", " 1", "9223372036854775808", "1\n"} {
		must(t, c.Set(ctx, k, []byte(text), fragment.Policy{}))
		if sum, err := c.Increment(ctx, k, 1, fragment.Policy{}); sum != 0 || err == nil {
			t.Errorf("%q + 1 = %d, %v, want an error", text, sum, err)
		}
		wantGet(t, c, k, text)
	}
}

func TestIncrementBeyondInt64(t *testing.T) {
	ctx, c := t.Context(), fresh(t, fragment.Options{})
	for _, row := range []struct{ old, delta int64 }{
		{math.MaxInt64, 1}, {math.MinInt64, -1}, {1, math.MaxInt64}, {-1, math.MinInt64}, {math.MinInt64, math.MinInt64},
	} {
		k := fragment.KeyOf("n", row.old, row.delta)
		must(t, c.Set(ctx, k, fmt.Append(nil, row.old), fragment.Policy{}))
		if sum, err := c.Increment(ctx, k, row.delta, fragment.Policy{}); err == nil {
			t.Errorf("%d + %d = %d, want an error", row.old, row.delta, sum)
		}
		wantGet(t, c, k, fmt.Sprint(row.old))
	}
	for _, row := range []struct{ old, delta, want int64 }{
		{math.MaxInt64 - 1, 1, math.MaxInt64}, {math.MaxInt64, math.MinInt64, -1}, {math.MinInt64, math.MaxInt64, -1}, {math.MinInt64 + 1, -1, math.MinInt64},
	} {
		k := fragment.KeyOf("n", row.old, row.delta)
		must(t, c.Set(ctx, k, fmt.Append(nil, row.old), fragment.Policy{}))
		if sum, err := c.Increment(ctx, k, row.delta, fragment.Policy{}); sum != row.want || err != nil {
			t.Errorf("%d + %d = %d, %v, want %d", row.old, row.delta, sum, err, row.want)
		}
	}
}

// Where other processes write as well, one step cannot be promised. What is
// refused changes nothing: a fill that is under way stores.
func TestStepsOnASharedBackendAreUnsupported(t *testing.T) {
	ctx, c, k := t.Context(), open(t, newMemory(), fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
		if added, err := c.Add(ctx, k, nil, fragment.Policy{}); added || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Add = %t, %v, want ErrUnsupported", added, err)
		}
		if _, err := c.Increment(ctx, k, 1, fragment.Policy{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Increment: %v, want ErrUnsupported", err)
		}
		return []byte("v"), nil
	}, "v")
	wantGet(t, c, k, "v")
}

// Sets, Adds and Increments beside invalidations of their tag succeed: what
// they wrote is invalidated, as if it had been stored just before that.
func TestWritesBesideInvalidations(t *testing.T) {
	ctx, c := t.Context(), open(t, hesitant(), fragment.Options{Policy: fragment.Policy{Tags: []string{"t"}}})
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			must(t, c.InvalidateTags(ctx, "t"))
		}
	})
	together(4, func(i int) {
		for j := range 500 {
			wantErr(t, "Set", c.Set(ctx, fragment.KeyOf("set", i), nil, fragment.Policy{}), nil)
			if _, err := c.Add(ctx, fragment.KeyOf("add", i), nil, fragment.Policy{}); err != nil {
				t.Errorf("Add: %v", err)
			}
			if sum, err := c.Increment(ctx, fragment.KeyOf("n", i), 1, fragment.Policy{}); sum < 1 || sum > int64(j+1) || err != nil {
				t.Errorf("Increment = %d, %v", sum, err)
			}
		}
	})
	stop.Store(true)
	wg.Wait()
}
