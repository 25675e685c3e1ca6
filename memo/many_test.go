package memo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

var errDown = errors.New("the database is down")

// A library is what GetMany loads from.
type library struct {
	asked []string
	takes time.Duration
	err   error // of all
	edit  func(id int, r *memo.Result[[]string]) []memo.Result[[]string]
}

func (l *library) many(_ context.Context, ids []int) (results []memo.Result[[]string], err error) {
	l.asked = append(l.asked, fmt.Sprint(ids))
	time.Sleep(l.takes)
	for _, id := range ids {
		r := memo.Result[[]string]{Value: []string{fmt.Sprintf("book %d", id)}}
		if l.edit != nil {
			results = append(results, l.edit(id, &r)...)
		}
		results = append(results, r)
	}
	return results, l.err
}

func (l *library) one(ctx context.Context, id int) ([]string, error) {
	results, err := l.many(ctx, []int{id})
	if err != nil {
		return nil, err
	}
	return results[0].Value, results[0].Err
}

func (l *library) took() string {
	defer func() { l.asked = nil }()
	return strings.Join(l.asked, " ")
}

// shown is what GetMany returned, for messages, and changes it.
func shown(results []memo.Result[[]string]) string {
	var all []string
	for _, r := range results {
		if r.Err != nil {
			all = append(all, "!"+r.Err.Error())
			continue
		}
		all = append(all, r.Value...)
		r.Value[0] = "changed by its caller"
	}
	return strings.Join(all, ", ")
}

func TestGetMany(t *testing.T) {
	for _, batched := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, l := t.Context(), &library{}
			c, _ := newCache(t)
			var o memo.Options[int, []string]
			if batched {
				o.LoadMany = l.many
			}
			f, err := memo.NewWithOptions(c, "book", fragment.Policy{TTL: time.Minute, RetryAfter: -1}, o, l.one)
			mustDo(t, err)
			for _, s := range []struct {
				step      string
				do        func()
				ids       []int
				want, ask string // ask: where there is no LoadMany, one by one
			}{
				{"none", nil, nil, "", ""},
				{"missing", nil, []int{2, 1}, "book 2, book 1", "[2 1]"},
				{"there", nil, []int{1, 2}, "book 1, book 2", ""},
				{"some of them", nil, []int{3, 1, 4, 2}, "book 3, book 1, book 4, book 2", "[3 4]"},
				{"twice the same", nil, []int{5, 5, 1, 5}, "book 5, book 5, book 1, book 5", "[5]"},
				{"twice the same that is there", nil, []int{5, 5}, "book 5, book 5", ""},
				{"one deleted", func() { mustDo(t, f.Delete(ctx, 1)) }, []int{1, 2}, "book 1, book 2", "[1]"},
				{"one set", func() { mustDo(t, f.Set(ctx, 1, []string{"set"})) }, []int{1, 2}, "set, book 2", ""},
				{"one foreign", func() { mustDo(t, c.Set(ctx, f.Key(1), []byte("?"), fragment.Policy{})) }, []int{1, 2}, "book 1, book 2", "[1]"},
				{"all deleted", func() { mustDo(t, f.DeleteAll(ctx)) }, []int{1, 2}, "book 1, book 2", "[1 2]"},
				{"expired", func() { time.Sleep(time.Minute) }, []int{1, 2}, "book 1, book 2", "[1 2]"},
				{"one fails", func() {
					l.edit = func(id int, r *memo.Result[[]string]) []memo.Result[[]string] {
						if id == 8 {
							r.Err = errDown
						}
						return nil
					}
				}, []int{7, 8, 9}, "book 7, !" + errDown.Error() + ", book 9", "[7 8 9]"},
				{"only that is not stored", nil, []int{7, 8, 9}, "book 7, !" + errDown.Error() + ", book 9", "[8]"},
				{"all fail", func() { l.err = errDown }, []int{7, 10, 11}, "book 7, !" + errDown.Error() + ", !" + errDown.Error(), "[10 11]"},
				{"closed", func() { l.err = nil; mustDo(t, c.Close()) }, []int{1, 2, 1}, "book 1, book 2, book 1", "[1 2]"},
			} {
				if s.do != nil {
					s.do()
				}
				if got := shown(f.GetMany(ctx, s.ids)); got != s.want {
					t.Errorf("batched %v: %s: got %s, want %s", batched, s.step, got, s.want)
				}
				ask := s.ask
				if !batched {
					ask = strings.ReplaceAll(ask, " ", "] [")
				}
				if got := l.took(); got != ask {
					t.Errorf("batched %v: %s: asked for %s, want %s", batched, s.step, got, ask)
				}
			}
		})
	}
}

func TestLoadManyInPlaceOfTheLoader(t *testing.T) {
	ctx, l := t.Context(), &library{}
	c, _ := newCache(t)
	f, err := memo.NewWithOptions(c, "book", fragment.Policy{}, memo.Options[int, []string]{LoadMany: l.many}, nil)
	mustDo(t, err)
	if got := mustGet2(f.Get(ctx, 1))(t); got[0] != "book 1" {
		t.Errorf("got %v", got)
	}
	if got := shown(f.GetMany(ctx, []int{1, 2})); got != "book 1, book 2" || l.took() != "[1] [2]" {
		t.Errorf("got %s", got)
	}
	l.err = errDown
	if _, err := f.Get(ctx, 3); err != errDown {
		t.Errorf("got %v, want the error of LoadMany", err)
	}
	l.err, l.edit = nil, func(_ int, r *memo.Result[[]string]) []memo.Result[[]string] {
		return []memo.Result[[]string]{{}}
	}
	want := `memo: loader "book": LoadMany returned 4 results for 2 arguments: want one for each, in their order`
	for _, r := range f.GetMany(ctx, []int{4, 5}) {
		if r.Err == nil || r.Err.Error() != want {
			t.Errorf("got %v, want %s", r.Err, want)
		}
	}
	if _, err := f.Get(ctx, 4); err == nil || !strings.Contains(err.Error(), "2 results for 1 arguments") {
		t.Errorf("Get: %v", err)
	}
}

// What is being loaded is waited for, by Get and GetMany alike.
func TestGetManyAndGetLoadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := t.Context(), &library{takes: time.Second}
		c, _ := newCache(t)
		f, err := memo.NewWithOptions(c, "book", fragment.Policy{}, memo.Options[int, []string]{LoadMany: l.many}, nil)
		mustDo(t, err)
		go func() {
			if got := shown(f.GetMany(ctx, []int{1, 2})); got != "book 1, book 2" {
				t.Errorf("the first got %s", got)
			}
		}()
		synctest.Wait()
		for range 20 {
			go func() {
				if got := mustGet2(f.Get(ctx, 2))(t); got[0] != "book 2" {
					t.Errorf("one got %v", got)
				} else {
					got[0] = "changed"
				}
				if got := shown(f.GetMany(ctx, []int{2, 1})); got != "book 2, book 1" {
					t.Errorf("many got %s", got)
				}
			}()
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := l.took(); got != "[1 2]" {
			t.Errorf("asked for %s, want once", got)
		}
	})
}

func TestGetManyOfABadFunc(t *testing.T) {
	f := memo.New(nil, "x", fragment.Policy{}, noLoad[int, int])
	for _, r := range f.GetMany(t.Context(), []int{1, 2}) {
		if r.Err != f.Err() {
			t.Errorf("got %v, want %v", r.Err, f.Err())
		}
	}
	if _, ok, err := f.Peek(t.Context(), 1); ok || err != f.Err() {
		t.Errorf("Peek: %v, %v", ok, err)
	}
	if err := f.Set(t.Context(), 1, 1); err != f.Err() {
		t.Errorf("Set: %v", err)
	}
	if _, err := f.Refresh(t.Context(), 1); err != f.Err() {
		t.Errorf("Refresh: %v", err)
	}
}
