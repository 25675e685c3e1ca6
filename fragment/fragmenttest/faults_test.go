package fragmenttest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// wrapped returns a Memory that holds a and b, and what stands before it.
func wrapped(t testing.TB, faults ...fragmenttest.Fault) (*fragmenttest.Memory, fragment.Backend, *fragmenttest.Faults) {
	t.Helper()
	m, f := fragmenttest.NewMemory(), new(fragmenttest.Faults)
	b := f.Wrap(m)
	set(t, b, "a", "value of a", time.Hour)
	set(t, b, "b", "value of b", time.Hour)
	f.Inject(faults...)
	return m, b, f
}

// errs calls Get, Set and Delete of key and returns their errors.
func errs(b fragment.Backend, key string) (get, set, remove error) {
	ctx := context.Background()
	_, _, get = b.Get(ctx, key)
	return get, b.Set(ctx, key, []byte("new"), time.Hour), b.Delete(ctx, key)
}

func TestFaultsBefallTheCallsThatTheyName(t *testing.T) {
	mine, in := errors.New("mine"), fragmenttest.ErrInjected
	tests := []struct {
		name             string
		fault            fragmenttest.Fault
		get, set, remove error
	}{
		{"all", fragmenttest.Fault{}, in, in, in},
		{"reads", fragmenttest.Fault{On: fragmenttest.Reads, Err: mine}, mine, nil, nil},
		{"writes", fragmenttest.Fault{On: fragmenttest.Writes}, nil, in, nil},
		{"all but reads", fragmenttest.Fault{On: fragmenttest.Writes | fragmenttest.Deletes}, nil, in, in},
		{"leases", fragmenttest.Fault{On: fragmenttest.Leases}, nil, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, b, f := wrapped(t, test.fault)
			get, set, remove := errs(b, "a")
			wantErr(t, "Get", get, test.get)
			wantErr(t, "Set", set, test.set)
			wantErr(t, "Delete", remove, test.remove)
			f.Stop()
			get, set, remove = errs(b, "a")
			wantErr(t, "after Stop", errors.Join(get, set, remove), nil)
		})
	}
}

func TestHowOftenAFaultHappens(t *testing.T) {
	tests := []struct {
		name  string
		fault fragmenttest.Fault
		want  string // of ten calls
	}{
		{"each", fragmenttest.Fault{}, "xxxxxxxxxx"},
		{"every third", fragmenttest.Fault{Every: 3}, "--x--x--x-"},
		{"twice", fragmenttest.Fault{Times: 2}, "xx--------"},
		{"every third, twice", fragmenttest.Fault{Every: 3, Times: 2}, "--x--x----"},
		{"for certain", fragmenttest.Fault{Chance: 1}, "xxxxxxxxxx"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, b, f := wrapped(t, test.fault)
			if got := pattern(b, 10); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got, want := f.Count(), len(slices.DeleteFunc([]byte(test.want), func(c byte) bool { return c == '-' })); got != want {
				t.Errorf("Count: got %d, want %d", got, want)
			}
		})
	}
}

// pattern shows which of n calls fail.
func pattern(b fragment.Backend, n int) string {
	var all []byte
	for range n {
		_, _, err := b.Get(context.Background(), "a")
		all = append(all, map[bool]byte{true: 'x', false: '-'}[err != nil])
	}
	return string(all)
}

func TestChanceIsTheSameInEveryRun(t *testing.T) {
	roll := func(seed uint64) string {
		f := &fragmenttest.Faults{Seed: seed}
		f.Inject(fragmenttest.Fault{Chance: 0.3})
		return pattern(f.Wrap(fragmenttest.NewMemory()), 1000)
	}
	first := roll(1)
	wantEqual(t, "a second run", roll(1), first)
	if roll(2) == first {
		t.Error("another seed: got the same calls that fail, want others")
	}
	if n := len(slices.DeleteFunc([]byte(first), func(c byte) bool { return c == '-' })); n < 240 || n > 360 {
		t.Errorf("got %d of 1000 calls that fail, want some 300", n)
	}
}

func TestEffectsOnCalls(t *testing.T) {
	t.Run("Fail does nothing", func(t *testing.T) {
		m, b, _ := wrapped(t, fragmenttest.Fault{})
		errs(b, "a")
		wantGet(t, m, "a", "value of a")
	})
	t.Run("FailLate does it all the same", func(t *testing.T) {
		m, b, f := wrapped(t, fragmenttest.Fault{Does: fragmenttest.FailLate, On: fragmenttest.Writes | fragmenttest.Deletes})
		wantErr(t, "Set", b.Set(t.Context(), "a", []byte("new"), time.Hour), fragmenttest.ErrInjected)
		wantGet(t, m, "a", "new")
		wantErr(t, "Delete", b.Delete(t.Context(), "a"), fragmenttest.ErrInjected)
		wantGet(t, m, "a", "-")
		wantEqual(t, "String", f.String(), "2 FailLate")
	})
	t.Run("Lose reports what it has not done", func(t *testing.T) {
		m, b, f := wrapped(t, fragmenttest.Fault{Does: fragmenttest.Lose})
		get, set, remove := errs(b, "a")
		wantErr(t, "Get, Set, Delete", errors.Join(get, set, remove), nil)
		wantGet(t, b, "a", "-")
		wantGet(t, m, "a", "value of a")
		wantErr(t, "SetMany", fragment.SetMany(t.Context(), b, map[string][]byte{"c": nil}, time.Hour), nil)
		found, err := fragment.GetMany(t.Context(), b, []string{"a", "b"})
		if len(found) != 0 || err != nil || m.Len() != 2 {
			t.Errorf("GetMany: got %q, %v, and %d stored, want nothing", found, err, m.Len())
		}
		wantEqual(t, "Count of Lose", f.Count(fragmenttest.Lose), 6)
		wantEqual(t, "Count of Fail and Panic", f.Count(fragmenttest.Fail, fragmenttest.Panic), 0)
	})
	t.Run("Panic", func(t *testing.T) {
		_, b, _ := wrapped(t, fragmenttest.Fault{Does: fragmenttest.Panic})
		defer func() {
			if recover() == nil {
				t.Error("Get: got no panic, want one")
			}
		}()
		b.Get(t.Context(), "a")
	})
}

func TestDelays(t *testing.T) {
	tests := []struct {
		name     string
		faults   []fragmenttest.Fault
		from, to time.Duration // how long a call takes
		want     error
	}{
		{"fixed", []fragmenttest.Fault{{Does: fragmenttest.Delay, For: time.Second}}, time.Second, time.Second, nil},
		{"random", []fragmenttest.Fault{{Does: fragmenttest.DelayUpTo, For: time.Second}}, 1, time.Second, nil},
		{"two add up", []fragmenttest.Fault{{Does: fragmenttest.Delay, For: time.Second}, {Does: fragmenttest.Delay, For: time.Second}},
			2 * time.Second, 2 * time.Second, nil},
		{"and an error", []fragmenttest.Fault{{Does: fragmenttest.Delay, For: time.Second}, {}}, time.Second, time.Second, fragmenttest.ErrInjected},
		{"until ctx ends", []fragmenttest.Fault{{Does: fragmenttest.Delay, For: fragment.Forever}, {Does: fragmenttest.Delay, For: fragment.Forever}},
			time.Minute, time.Minute, context.DeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, b, _ := wrapped(t, test.faults...)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				err := b.Delete(ctx, "a")
				if took := time.Since(began); took < test.from || took > test.to {
					t.Errorf("Delete took %v, want %v to %v", took, test.from, test.to)
				}
				wantErr(t, "Delete", err, test.want)
				wantEqual(t, "entries", m.Len() == 1, test.want == nil)
			})
		})
	}
}

func TestDamage(t *testing.T) {
	for _, effect := range []fragmenttest.Effect{fragmenttest.Flip, fragmenttest.Truncate, fragmenttest.Foreign} {
		t.Run(effect.String(), func(t *testing.T) {
			m, b, f := wrapped(t, fragmenttest.Fault{Does: effect})
			set(t, b, "empty", "", time.Hour)
			wantGet(t, b, "absent", "-")
			wantGet(t, b, "empty", "")
			wantEqual(t, "Count before anything could be damaged", f.Count(), 0)

			got, ok, err := b.Get(t.Context(), "a")
			if !ok || err != nil || string(got) == "value of a" {
				t.Errorf("Get: got %q, %v, %v, want other bytes", got, ok, err)
			}
			found, err := fragment.GetMany(t.Context(), b, []string{"a", "b"})
			if err != nil || len(found) != 2 || string(found["a"]) == "value of a" || string(found["b"]) == "value of b" {
				t.Errorf("GetMany: got %q, %v, want other bytes", found, err)
			}
			wantGet(t, m, "a", "value of a")
			wantEqual(t, "String", f.String(), fmt.Sprint("3 ", effect))
		})
	}
}

func TestDamageOfSomeOfMany(t *testing.T) {
	_, b, _ := wrapped(t, fragmenttest.Fault{Does: fragmenttest.Foreign, Times: 1})
	found, _ := fragment.GetMany(t.Context(), b, []string{"b", "a"})
	wantEqual(t, "b", string(found["b"]), "value of b")
	if string(found["a"]) == "value of a" {
		t.Error("a: got it whole, want it damaged")
	}
}
