package memo_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func TestTagsFromTheValue(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	runs := 0
	f, err := memo.NewWithOptions(c, "user", fragment.Policy{Tags: []string{"users"}}, memo.Options[int, user]{
		Tags: func(k int, u user) []string { return []string{fmt.Sprintf("user:%d", k), "name:" + u.Name} },
	}, func(_ context.Context, k int) (user, error) {
		runs++
		return user{ID: int64(k), Name: "ada"}, nil
	})
	mustDo(t, err)
	for _, put := range []struct {
		how string
		do  func() error
	}{
		{"loaded", func() error { _, err := f.Get(ctx, 1); return err }},
		{"set", func() error { return f.Set(ctx, 1, user{Name: "ada"}) }},
	} {
		for tag, frees := range map[string]bool{"user:1": true, "user:2": false, "name:ada": true, "name:bob": false, "users": true} {
			mustDo(t, put.do())
			mustDo(t, c.InvalidateTags(ctx, tag))
			if _, ok, _ := f.Peek(ctx, 1); ok == frees {
				t.Errorf("%s, then %s freed: still stored: %v", put.how, tag, ok)
			}
		}
		mustDo(t, f.DeleteAll(ctx))
		if _, ok, _ := f.Peek(ctx, 1); ok {
			t.Errorf("%s: DeleteAll left it", put.how)
		}
	}
}

// Tags of the value reach what is around it on a hit, too.
func TestTagsFromTheValueBubble(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	inner, err := memo.NewWithOptions(c, "inner", fragment.Policy{}, memo.Options[int, int]{
		Tags: func(k, _ int) []string { return []string{fmt.Sprint("n:", k)} },
	}, noLoad[int, int])
	mustDo(t, err)
	_ = mustGet2(inner.Get(ctx, 1))(t)
	outer := memo.New(c, "outer", fragment.Policy{}, inner.Get)
	_ = mustGet2(outer.Get(ctx, 1))(t)
	mustDo(t, c.InvalidateTags(ctx, "n:1"))
	if _, ok, _ := outer.Peek(ctx, 1); ok {
		t.Error("what is around the answer is still stored")
	}
}
