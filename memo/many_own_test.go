package memo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// Each answer has the tags and the life of its own, which become those of what
// is made of them.
func TestManyOfEachItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := t.Context(), &library{}
		c, seen := newCache(t)
		f, err := memo.NewWithOptions(c, "book", fragment.Policy{TTL: time.Hour}, memo.Options[int, []string]{
			LoadMany: l.many,
			Tags:     func(id int, _ []string) []string { return []string{fmt.Sprint("book:", id)} },
			TTL:      func(id int, _ []string) time.Duration { return time.Duration(id-2) * time.Minute },
			Store:    func(id int, _ []string) bool { return id != 5 },
		}, nil)
		mustDo(t, err)
		shelf := memo.Value(c, "shelf", fragment.Policy{TTL: time.Hour}, func(ctx context.Context) (string, error) {
			return shown(f.GetMany(ctx, []int{1, 2, 3, 4, 5})), nil
		})
		_ = mustGet2(shelf.Get(ctx))(t)
		for id, want := range map[int]time.Duration{1: 0, 2: time.Hour, 3: time.Minute, 4: 2 * time.Minute, 5: 0} {
			if left, _, _ := c.TTL(ctx, f.Key(id)); left != want {
				t.Errorf("book %d lives %v, want %v", id, left, want)
			}
		}
		if left, _, _ := c.TTL(ctx, shelf.Key()); left != time.Minute {
			t.Errorf("what is made of them lives %v, want 1m", left)
		}
		if got, want := strings.Join(seen.skips(), "; "), "memo: Options.TTL is negative; memo: Options.Store says no"; got != want {
			t.Errorf("skipped because of %q, want %q", got, want)
		}
		mustDo(t, c.InvalidateTags(ctx, "book:4"))
		if _, ok, _ := shelf.Peek(ctx); ok {
			t.Error("what is made of a freed answer is still stored")
		}
		l.took()
		_ = f.GetMany(ctx, []int{2, 3, 4})
		if got := l.took(); got != "[4]" {
			t.Errorf("asked for %s, want the freed one", got)
		}
	})
}

// Answers that cannot be stored are returned nevertheless, and cost the others
// nothing.
func TestManyThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, seen := newCache(t)
		f, err := memo.NewWithOptions(c, "v", fragment.Policy{}, memo.Options[int, any]{
			LoadMany: func(_ context.Context, ids []int) (results []memo.Result[any], _ error) {
				time.Sleep(time.Second)
				for _, id := range ids {
					r := memo.Result[any]{Value: id}
					if id == 2 {
						r.Value = make(chan int)
					}
					results = append(results, r)
				}
				return results, nil
			},
		}, nil)
		mustDo(t, err)
		check := func(results []memo.Result[any]) {
			_, isChan := results[1].Value.(chan int)
			if results[0] != (memo.Result[any]{Value: int64(1)}) || !isChan || results[1].Err != nil {
				t.Errorf("got %+v", results)
			}
		}
		page := memo.Value(c, "page", fragment.Policy{}, func(ctx context.Context) (int, error) {
			check(f.GetMany(ctx, []int{1, 2, 2}))
			return 7, nil
		})
		go func() { _ = mustGet2(page.Get(ctx))(t) }()
		synctest.Wait()
		// Who waited for what cannot be stored, loads it.
		if v, isChan := mustGet2(f.Get(ctx, 2))(t).(chan int); !isChan {
			t.Errorf("who waited got %v", v)
		}
		time.Sleep(3 * time.Second)
		check(f.GetMany(ctx, []int{1, 2}))
		if _, ok, _ := page.Peek(ctx); !ok {
			t.Error("what is made of it is not stored")
		}
		if !slices.Contains(seen.skips(), "memo: a interface {} cannot be stored: an interface in it holds what cannot be stored") {
			t.Errorf("skipped because of %q", seen.skips())
		}
	})
}

// lenient is a Codec that takes anything for an answer, as those do in which all
// fields are optional.
type lenient struct{}

func (lenient) Name() string                      { return "lenient" }
func (lenient) Marshal(user) ([]byte, error)      { return nil, errDown }
func (lenient) Unmarshal(_ []byte, u *user) error { return nil }

// What stands for an answer that cannot be stored is no answer to anybody,
// whatever the codec would make of it.
func TestWaitersOfManyThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		f, err := memo.NewWithOptions(c, "user", fragment.Policy{}, memo.Options[int, user]{
			Codec: lenient{},
			LoadMany: func(_ context.Context, ids []int) ([]memo.Result[user], error) {
				time.Sleep(time.Second)
				return slices.Repeat([]memo.Result[user]{{Value: user{Name: "ada"}}}, len(ids)), nil
			},
		}, nil)
		mustDo(t, err)
		go func() { _ = f.GetMany(t.Context(), []int{1, 2}) }()
		synctest.Wait()
		if got := mustGet2(f.Get(t.Context(), 2))(t); got.Name != "ada" {
			t.Errorf("who waited got %+v", got)
		}
		for _, r := range f.GetMany(t.Context(), []int{1, 1}) {
			if r.Err != nil || r.Value.Name != "ada" {
				t.Errorf("the same twice: got %+v", r)
			}
		}
	})
}
