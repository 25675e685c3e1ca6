package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An each fills rows for a caller that it is bound to.
type each struct {
	filled []int
	stale  []int
	fill   func(ctx context.Context, i int) error
	within bool // DoEachFiller has not returned
}

func (e *each) Fill(ctx context.Context, i int) ([]byte, error) {
	if !e.within {
		panic("the fill of an EachFiller runs after its call")
	}
	e.filled = append(e.filled, i)
	if e.fill != nil {
		if err := e.fill(ctx, i); err != nil {
			return nil, err
		}
	}
	return fmt.Appendf(nil, "row %d", i), nil
}

func (e *each) Tags(i int) []string { return []string{fmt.Sprint("known:", i)} }
func (e *each) ServedStale(i int)   { e.stale = append(e.stale, i) }

// do returns the answers, and which rows were filled.
func (e *each) do(t *testing.T, ctx context.Context, c *fragment.Cache, p fragment.Policy, ids ...int) (answers, filled string) {
	t.Helper()
	e.within, e.filled, e.stale = true, nil, nil
	got, err := c.DoEachFiller(ctx, keysOf(ids...), p, e)
	must(t, err)
	e.within = false
	var out []string
	for _, a := range got {
		if a.Err != nil {
			out = append(out, "!"+a.Err.Error())
			continue
		}
		out = append(out, string(a.Value))
	}
	return strings.Join(out, ", "), fmt.Sprint(e.filled)
}

func (e *each) want(t *testing.T, c *fragment.Cache, want, filled string, ids ...int) {
	t.Helper()
	got, ran := e.do(t, t.Context(), c, withTags("all"), ids...)
	if got != want || ran != filled {
		t.Errorf("%v: got %s and filled %s, want %s and %s", ids, got, ran, want, filled)
	}
}

func TestEachFillHasAScopeOfItsOwn(t *testing.T) {
	for name, c := range map[string]*fragment.Cache{
		"of this process":    fresh(t, fragment.Options{}),
		"of other processes": open(t, fragmenttest.NewServer().Connect(), fragment.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			e := &each{fill: func(ctx context.Context, i int) error {
				fragment.AddTags(ctx, fmt.Sprint("inside:", i))
				switch i {
				case 2:
					fragment.SkipStore(ctx, "not this one")
				case 3:
					return errFill
				}
				return nil
			}}
			e.want(t, c, "row 0, row 1, row 2, !"+errFill.Error(), "[0 1 2 3]", 0, 1, 2, 3)
			e.want(t, c, "row 0, row 1, row 2", "[2]", 0, 1, 2)
			must(t, c.InvalidateTags(ctx, "inside:0"))
			e.want(t, c, "row 0, row 1", "[0]", 0, 1)
			must(t, c.InvalidateTags(ctx, "known:1"))
			e.want(t, c, "row 0, row 1", "[1]", 0, 1)
			must(t, c.InvalidateTags(ctx, "all"))
			e.want(t, c, "row 0, row 1, row 0", "[0 1]", 0, 1, 0)
			must(t, c.Delete(ctx, keysOf(1)...))
			e.want(t, c, "row 0, row 1", "[1]", 0, 1)
		})
	}
}

// What one row says of all that is around it does not go for the rows beside it.
func TestEachFillReportsToWhatIsAround(t *testing.T) {
	c, page := fresh(t, fragment.Options{}), fragment.KeyOf("page")
	e := &each{fill: func(ctx context.Context, i int) error {
		fragment.AddTags(ctx, fmt.Sprint("inside:", i))
		if i == 1 {
			fragment.DoNotStore(ctx, "private")
		}
		return nil
	}}
	fill := func(ids ...int) fill {
		return func(ctx context.Context) ([]byte, error) {
			got, _ := e.do(t, ctx, c, withTags("all"), ids...)
			return []byte(got), nil
		}
	}
	wantDo(t, c, page, withTags(), fill(0, 1, 2), "row 0, row 1, row 2")
	wantGet(t, c, page, "-")
	e.want(t, c, "row 0, row 1, row 2", "[1]", 0, 1, 2)
	wantDo(t, c, page, withTags(), fill(0, 2), "row 0, row 2")
	wantGet(t, c, page, "row 0, row 2")
	must(t, c.InvalidateTags(t.Context(), "inside:2"))
	wantGet(t, c, page, "-")
}

// A policy that lets fills run in the background does not speak of those that are
// bound to their caller.
func TestEachFillNeverOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{Policy: fragment.Policy{TTL: time.Second, Stale: time.Hour, Detach: true, RetryAfter: time.Minute}})
		e := new(each)
		e.do(t, t.Context(), c, fragment.Policy{}, 0, 1, 2)
		time.Sleep(2 * time.Second)
		e.fill = func(_ context.Context, i int) error {
			if i == 1 {
				return errFill
			}
			return nil
		}
		got, filled := e.do(t, t.Context(), c, fragment.Policy{}, 0, 1, 2)
		if got != "row 0, row 1, row 2" || filled != "[0 1 2]" {
			t.Errorf("got %s and filled %s", got, filled)
		}
		got, filled = e.do(t, t.Context(), c, fragment.Policy{}, 0, 1, 2)
		if got != "row 0, row 1, row 2" || filled != "[]" || fmt.Sprint(e.stale) != "[1]" {
			t.Errorf("got %s, filled %s and served stale %v, want all of it, the second one stale", got, filled, e.stale)
		}
		synctest.Wait()
	})
}

// Tags that are known before the fills cost no trips of each key: a list that is
// all there takes one, and one of which all is missing takes no more the longer it
// is, once their stamps are there.
func TestEachFillTakesFewTrips(t *testing.T) {
	for _, n := range []int{2, 50} {
		server, e := fragmenttest.NewServer(), new(each)
		c := open(t, server.Connect(), fragment.Options{})
		ids := make([]int, n)
		for i := range ids {
			ids[i] = i
		}
		e.do(t, t.Context(), c, withTags("all"), ids...)
		must(t, c.InvalidateTags(t.Context(), "all"))
		server.ResetTrips()
		if _, filled := e.do(t, t.Context(), c, withTags("all"), ids...); len(e.filled) != n {
			t.Errorf("filled %s, want all", filled)
		}
		cold := server.Trips()
		server.ResetTrips()
		e.do(t, t.Context(), c, withTags("all"), ids...)
		if warm := server.Trips(); warm.All() != 1 || cold != (fragmenttest.Trips{GetMany: 1, Touch: 1, SetMany: 1}) || len(e.filled) > 0 {
			t.Errorf("%d rows took %v when they were missing and %v when they were there, want one of each kind, and 1 in all", n, cold, warm)
		}
	}
}

func TestEachFillRefusesWhatDoManyDoes(t *testing.T) {
	c := fresh(t, fragment.Options{})
	if _, err := c.DoEachFiller(t.Context(), keysOf(1), withTags(), nil); !errors.Is(err, fragment.ErrNilFill) {
		t.Errorf("without a filler: %v", err)
	}
	if _, err := c.DoEachFiller(t.Context(), []fragment.Key{{}}, withTags(), new(each)); err == nil {
		t.Error("an invalid key is no error")
	}
	must(t, c.Close())
	e := new(each)
	e.want(t, c, "row 0, row 1, row 0", "[0 1]", 0, 1, 0)
}
