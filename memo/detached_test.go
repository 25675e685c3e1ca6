package memo_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// aging is fresh for a second and then stale.
var aging = fragment.Policy{TTL: time.Second, Stale: time.Hour}

type secret struct{}

// What is stale is served to everybody at once, the first included, and loaded
// anew in the background, whatever becomes of that caller.
func TestStaleAnswersAreServedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		runs := 0
		f := memo.New(c, "list", aging, func(ctx context.Context, _ int) ([]int, error) {
			if runs++; runs > 1 {
				if ctx.Value(secret{}) != "a value" {
					t.Error("the load lost the values of the ctx")
				}
				select {
				case <-ctx.Done():
					t.Error("the load ended with its caller")
				case <-time.After(time.Second):
				}
			}
			return []int{runs}, nil
		})
		_ = mustGet2(f.Get(t.Context(), 1))(t)
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), secret{}, "a value"))
		began := time.Now()
		for range 3 {
			got := mustGet2(f.Get(ctx, 1))(t)
			if got[0] != 1 || time.Since(began) > 0 {
				t.Errorf("got %v after %v, want the stale one at once", got, time.Since(began))
			}
			got[0] = 99 // one's own
		}
		cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := mustGet2(f.Get(t.Context(), 1))(t); got[0] != 2 || runs != 2 {
			t.Errorf("got %v after %d loads, want what the second brought", got, runs)
		}
	})
}

// The caller may change argument and answer while the load goes on. For the race
// detector.
func TestDetachedLoadSharesNothing(t *testing.T) {
	type question struct {
		IDs   []int
		Names [1][]byte
		Page  *int
		Nil   *int
		None  []string
		Each  []*int
		Deep  **struct{ Word []byte }
		Link  link
	}
	word := &struct{ Word []byte }{[]byte("word")}
	ask := func(page int) question {
		return question{
			IDs: []int{1, 2}, Names: [1][]byte{[]byte("n")}, Page: &page, None: []string{}, Each: []*int{to(3), nil}, Deep: &word, Link: to(4),
		}
	}
	text := func(q question) string {
		return fmt.Sprint(q.IDs, q.Names, *q.Page, q.Nil == nil, q.None != nil, *q.Each[0], q.Each[1] == nil, *q.Link, string((*q.Deep).Word))
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		f := memo.New(c, "question", aging, func(_ context.Context, q question) (*[]string, error) {
			time.Sleep(time.Second)
			return &[]string{text(q)}, nil
		})
		mustDo(t, f.Err())
		want, key := text(ask(1)), f.Key(ask(1))
		_ = mustGet2(f.Get(t.Context(), ask(1)))(t)
		time.Sleep(time.Second)
		q := ask(1)
		got := mustGet2(f.Get(t.Context(), q))(t)
		q.IDs[0], q.Names[0][0], *q.Page, *q.Each[0], q.Each[1], *q.Link, (*q.Deep).Word[0] = 9, 'X', 9, 9, to(9), 9, 'X'
		*q.Deep, (*got)[0] = nil, "mine"
		time.Sleep(2 * time.Second)
		synctest.Wait()
		word = &struct{ Word []byte }{[]byte("word")}
		if f.Key(ask(1)) != key {
			t.Fatal("the question is another")
		}
		if got := mustGet2(f.Get(t.Context(), ask(1)))(t); (*got)[0] != want {
			t.Errorf("stored %q, want what was asked: %q", (*got)[0], want)
		}
	})
}

type link *int

type keyedLink struct{ To *int }

func (keyedLink) CacheKey() string { return "k" }

type keyedWord struct{ Word string }

func (*keyedWord) CacheKey() string { return "k" }

// What cannot be copied is not used after its caller has gone on.
func TestLoadsWithinTheirCall(t *testing.T) {
	inline := aging
	inline.Inline = true
	type transaction struct {
		ID int
		Tx *sql.Tx `memo:"-"`
	}
	type trace struct {
		ID    int
		Trace [2]string `memo:"-"`
		At    time.Time `memo:"-"`
	}
	type deep struct{ Of []transaction }
	type locked struct {
		ID int
		Mu sync.Mutex `memo:"-"`
	}
	type blank struct {
		_  [0]func()
		_  *int
		ID int
	}
	for label, row := range map[string]struct{ detaches, want bool }{
		"plain":                 {detaches(t, aging, 1), true},
		"inline by the policy":  {detaches(t, inline, 1), false},
		"inline by the default": {detachesOn(t, fragment.Options{Policy: inline}, aging, 1), false},
		"carried pointer":       {detaches(t, aging, transaction{ID: 1}), false},
		"carried further in":    {detaches(t, aging, deep{}), false},
		"carried text":          {detaches(t, aging, trace{}), true},
		"carried lock":          {detaches(t, aging, &locked{}), false},
		"blank":                 {detaches(t, aging, blank{}), true},
		"list":                  {detaches(t, aging, []string{"a"}), true},
		"CacheKey with pointer": {detaches(t, aging, keyedLink{}), false},
		"CacheKey by address":   {detaches(t, aging, keyedWord{}), true},
		"pointer with CacheKey": {detaches(t, aging, &keyedWord{}), false},
		"pointer, not nil":      {detaches(t, aging, to(1)), true},
	} {
		if row.detaches != row.want {
			t.Errorf("%s: loaded in the background: %v, want %v", label, row.detaches, row.want)
		}
	}
}

func detaches[K any](t *testing.T, p fragment.Policy, k K) bool {
	t.Helper()
	return detachesOn(t, fragment.Options{}, p, k)
}

// detachesOn reports whether a stale answer is loaded in the background, by Get
// and by GetMany alike, also where the cache says that fills may be.
func detachesOn[K any](t *testing.T, o fragment.Options, p fragment.Policy, k K) (answer bool) {
	t.Helper()
	o.Policy.Detach = true
	synctest.Test(t, func(t *testing.T) {
		c, err := fragment.New(&shelf{}, o)
		mustDo(t, err)
		defer c.Close()
		runs := 0
		f, err := memo.NewWithOptions(c, "k", p, memo.Options[K, int]{
			LoadMany: func(_ context.Context, ks []K) ([]memo.Result[int], error) {
				runs++
				return []memo.Result[int]{{Value: runs}}, nil
			},
		}, nil)
		mustDo(t, err)
		_ = mustGet2(f.Get(t.Context(), k))(t)
		time.Sleep(time.Second)
		one := mustGet2(f.Get(t.Context(), k))(t) == 1
		synctest.Wait()
		time.Sleep(time.Second)
		all := f.GetMany(t.Context(), []K{k})
		if many := all[0].Value == 2; many != one {
			t.Errorf("%T: Get detaches: %v; GetMany: %v", k, one, many)
		}
		answer = one
	})
	return answer
}

// Stale ones of many are served at once and loaded together in the background.
func TestStaleAnswersOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		var mu sync.Mutex
		var asked []string
		f, err := memo.NewWithOptions(c, "n", aging, memo.Options[[1][]int, []int]{
			LoadMany: func(_ context.Context, ks [][1][]int) ([]memo.Result[[]int], error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, fmt.Sprint(ks))
				time.Sleep(time.Second)
				var results []memo.Result[[]int]
				for _, k := range ks {
					results = append(results, memo.Result[[]int]{Value: []int{k[0][0] + 10*len(asked)}})
				}
				return results, nil
			},
		}, nil)
		mustDo(t, err)
		ask := func() [][1][]int { return [][1][]int{{{1}}, {{2}}} }
		values := func(results []memo.Result[[]int]) (all []int) {
			for _, r := range results {
				mustDo(t, r.Err)
				all = append(all, r.Value[0])
				r.Value[0] = 99
			}
			return all
		}
		for i, want := range [][]int{{11, 12}, {11, 12}, {21, 22}} {
			ks := ask()
			if got := values(f.GetMany(t.Context(), ks)); !slices.Equal(got, want) {
				t.Errorf("%d: got %v, want %v", i, got, want)
			}
			ks[0][0][0], ks[1] = 99, [1][]int{}
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
		}
		if want := []string{"[[[1]] [[2]]]", "[[[1]] [[2]]]"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %v, want %v", asked, want)
		}
	})
}
