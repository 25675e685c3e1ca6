package memo_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func TestBadConstruction(t *testing.T) {
	c, _ := newCache(t)
	good := noLoad[int, int]
	for name, f := range map[string]*memo.Func[int, int]{
		"name is empty":   memo.New(c, "", fragment.Policy{}, good),
		"cache is nil":    memo.New(nil, "x", fragment.Policy{}, good),
		"function is nil": memo.New[int, int](c, "x", fragment.Policy{}, nil),
		"Policy.Jitter":   memo.New(c, "x", fragment.Policy{Jitter: 2}, good),
		"a b":             memo.New(c, "x", fragment.Policy{Tags: []string{"a b"}}, good),
	} {
		want := f.Err()
		if want == nil || !strings.Contains(want.Error(), name) {
			t.Errorf("%s: Err is %v", name, want)
			continue
		}
		if _, err := f.Get(t.Context(), 1); err != want {
			t.Errorf("%s: Get returned %v", name, err)
		}
		if err := f.Delete(t.Context(), 1); err != want {
			t.Errorf("%s: Delete returned %v", name, err)
		}
		if err := f.DeleteAll(t.Context()); err != want {
			t.Errorf("%s: DeleteAll returned %v", name, err)
		}
		if f.Key(1).Err() == nil {
			t.Errorf("%s: Key is valid", name)
		}
	}
	thunk := memo.Value[int](c, "x", fragment.Policy{}, nil)
	if thunk.Err() == nil || thunk.Delete(t.Context()) != thunk.Err() || thunk.Key().Err() == nil {
		t.Errorf("a Thunk of nothing: Err is %v", thunk.Err())
	}
	if _, err := thunk.Get(t.Context()); err != thunk.Err() {
		t.Errorf("a Thunk of nothing: Get returned %v", err)
	}
}

// The policy belongs to the caller, who may use it again.
func TestPolicyIsNotShared(t *testing.T) {
	c, _ := newCache(t)
	tags := append(make([]string, 0, 8), "mine")
	runs := 0
	f := memo.New(c, "n", fragment.Policy{Tags: tags}, counter(&runs))
	tags[0] = "yours"
	_ = append(tags, "more")
	before := mustGet2(f.Get(t.Context(), 1))(t)
	mustDo(t, c.InvalidateTags(t.Context(), "yours", "more"))
	if got := mustGet2(f.Get(t.Context(), 1))(t); got != before {
		t.Error("the Func took tags that were changed after New")
	}
	mustDo(t, c.InvalidateTags(t.Context(), "mine"))
	if got := mustGet2(f.Get(t.Context(), 1))(t); got == before {
		t.Error("the Func lost its tag")
	}
	if !reflect.DeepEqual(tags, []string{"yours"}) {
		t.Errorf("tags are %q now", tags)
	}
}
