package fragment_test

import (
	"context"
	"io"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

type (
	grade int8
	price float32
	label string
	named struct{ s string }
)

func (n *named) CacheKey() string { return n.s }

// A function gets the same from a template and from what was stored.
func TestArgumentsOfHoles(t *testing.T) {
	one, zone := 1, time.FixedZone("", 3600)
	for _, c := range []struct{ in, want any }{
		{nil, nil}, {true, true}, {false, false}, {1, 1}, {-1, -1}, {grade(3), 3}, {math.MinInt64, math.MinInt64}, {uint8(7), uint64(7)},
		{uint64(math.MaxUint64), uint64(math.MaxUint64)}, {1.5, 1.5}, {price(0.5), 0.5}, {math.Inf(-1), math.Inf(-1)}, {"", ""}, {"a\x00é", "a\x00é"},
		{label("x"), "x"}, {[]byte("b"), []byte("b")}, {[]byte{}, []byte{}}, {[]byte(nil), nil}, {&one, 1}, {(*int)(nil), nil},
		{&named{"k"}, "k"}, {(*named)(nil), nil}, {time.Minute, 60000000000}, {[]string{"a", ""}, []any{"a", ""}}, {[]any{}, []any{}},
		{[][]int{{1}, nil, {}}, []any{[]any{1}, nil, []any{}}}, {[2]bool{true}, []any{true, false}},
		{time.Date(2026, 11, 24, 12, 0, 0, 5, zone), time.Date(2026, 11, 24, 11, 0, 0, 5, time.UTC)}, {time.Time{}, time.Time{}},
	} {
		got, err := fragment.HoleArg(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v: got %#v, %v, want %#v", c.in, got, err, c.want)
		}
		r, seen := new(fragment.Registry), []any(nil)
		must(t, r.Hole("a", func(_ context.Context, _ io.Writer, args []any) error { seen = args; return nil }))
		value, err := fresh(t, fragment.Options{}).Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
			return r.WriteHole(ctx, w, "a", c.in, "behind")
		}))
		must(t, err)
		unframed(t, r, value)
		if !reflect.DeepEqual(seen, []any{c.want, "behind"}) {
			t.Errorf("%#v: stored, it is %#v", c.in, seen)
		}
	}
	for _, wrong := range []any{struct{}{}, map[string]int{}, func() {}, make(chan int), [][][]int{{{1}}}, make([]int, 2000), []any{struct{}{}}, complex(1, 2)} {
		if v, err := fragment.HoleArg(wrong); err == nil {
			t.Errorf("%T: got %#v", wrong, v)
		}
	}
}
