package memo_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// garbage is what is not an answer of type user.
var garbage = map[string][]byte{
	"empty": {}, "text": []byte("hello"), "number": {0x01}, "list": {0x81, 0x01}, "cut off": {0xa5, 0x62, 'I'},
	"wrong field": {0xa1, 0x62, 'I', 'D', 0x61, 'x'}, "something behind": {0xa0, 0xa0},
	"huge list":   {0xa1, 0x64, 'T', 'a', 'g', 's', 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	"huge string": {0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	"indefinite":  {0xbf, 0xff},
	"twice":       {0xa2, 0x62, 'I', 'D', 0x01, 0x62, 'I', 'D', 0x02},
}

func TestForeignBytesAreLoadedAnew(t *testing.T) {
	c, _ := newCache(t)
	runs := 0
	f := memo.New(c, "user", fragment.Policy{}, func(_ context.Context, id int64) (user, error) {
		runs++
		return user{ID: id, Name: "loaded"}, nil
	})
	for label, raw := range garbage {
		mustDo(t, c.Set(t.Context(), f.Key(7), raw, fragment.Policy{}))
		runs = 0
		for range 2 {
			if got := mustGet2(f.Get(t.Context(), 7))(t); got.Name != "loaded" || got.ID != 7 {
				t.Errorf("%s: got %+v", label, got)
			}
		}
		if runs != 1 {
			t.Errorf("%s: loaded %d times, want once and then a hit", label, runs)
		}
	}
}

func TestForeignBytesThatCannotBeDeleted(t *testing.T) {
	b := &shelf{stuck: true}
	c, _ := cacheOn(t, b)
	failure := errors.New("no database")
	var fails error
	f := memo.New(c, "user", fragment.Policy{}, func(_ context.Context, id int64) (user, error) {
		return user{ID: id}, fails
	})
	mustDo(t, c.Set(t.Context(), f.Key(7), []byte("hello"), fragment.Policy{}))
	if got := mustGet2(f.Get(t.Context(), 7))(t); got.ID != 7 {
		t.Errorf("got %+v", got)
	}
	fails = failure
	if _, err := f.Get(t.Context(), 7); err != failure {
		t.Errorf("got %v, want the loader's error", err)
	}
}

// Two versions of a program, one after the other on the same backend.
func TestChangedStructMisses(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	p := fragment.Policy{}
	before := func() *memo.Func[int, string] {
		type row struct{ Name, Email string }
		f := memo.New(c, "row", p, func(context.Context, int) (row, error) { return row{"n", "e"}, nil })
		return memo.New(c, "before", p, func(ctx context.Context, k int) (string, error) {
			r, err := f.Get(ctx, k)
			return r.Name + r.Email, err
		})
	}()
	if got := mustGet2(before.Get(ctx, 1))(t); got != "ne" {
		t.Fatalf("got %q", got)
	}
	type row struct{ Name, Mail string }
	after := memo.New(c, "row", p, func(context.Context, int) (row, error) { return row{"n", "m"}, nil })
	if got := mustGet2(after.Get(ctx, 1))(t); got.Mail != "m" {
		t.Errorf("got %+v: half of what another version stored", got)
	}
}

func TestOneNameTwoTypes(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	p := fragment.Policy{}
	numbers := memo.New(c, "it", p, func(_ context.Context, k int) (int, error) { return k, nil })
	words := memo.New(c, "it", p, func(_ context.Context, k int) (string, error) { return "word", nil })
	for range 2 {
		if n := mustGet2(numbers.Get(ctx, 1))(t); n != 1 {
			t.Errorf("got %d, want 1", n)
		}
		if w := mustGet2(words.Get(ctx, 1))(t); w != "word" {
			t.Errorf("got %q, want word", w)
		}
	}
	mustDo(t, numbers.Delete(ctx, 1))
	if ok, err := c.Has(ctx, words.Key(1)); !ok || err != nil {
		t.Errorf("Delete of the number freed the word: %v, %v", ok, err)
	}
	mustDo(t, numbers.DeleteAll(ctx))
	if ok, _ := c.Has(ctx, words.Key(1)); ok {
		t.Error("DeleteAll goes by the name, and left the word")
	}
}

// Whatever bytes are found under a key: an answer, no error, no crash and no
// more memory than some multiple of them.
func FuzzForeignBytes(f *testing.F) {
	for _, raw := range garbage {
		f.Add(raw)
	}
	type everything struct {
		U    user
		Any  any
		Map  map[base][]string
		Keys map[any]any
		Tree tree
		Node *node
		Ptr  ***int
		Arr  [4]uint16
	}
	f.Add([]byte{0xa1, 0x63, 'A', 'n', 'y', 0x9a, 0x00, 0x0f, 0xff, 0xff})
	f.Add([]byte{0xa1, 0x64, 'K', 'e', 'y', 's', 0xa1, 0x80, 0x80})
	f.Add([]byte{0xa1, 0x64, 'T', 'r', 'e', 'e', 0xa1, 0x64, 'K', 'i', 'd', 's', 0x82, 0xa0, 0xf6})
	c, err := fragment.New(&shelf{}, fragment.Options{}) // unobserved: notes take memory
	mustDo(f, err)
	loader := memo.Value(c, "hostile", fragment.Policy{}, func(context.Context) (everything, error) {
		return everything{U: user{Name: "loaded"}}, nil
	})
	mustDo(f, loader.Err())
	f.Fuzz(func(t *testing.T, raw []byte) {
		mustDo(t, c.Set(t.Context(), loader.Key(), raw, fragment.Policy{}))
		// The fuzzer allocates a little at the same time.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := loader.Get(t.Context()); err != nil {
			t.Errorf("Get: %v", err)
		}
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+1024*len(raw)); took > most {
			t.Errorf("%d bytes made it allocate %d, want at most %d", len(raw), took, most)
		}
	})
}
