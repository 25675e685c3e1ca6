package memo_test

import (
	"bytes"
	"context"
	"html/template"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// page encodes itself, and so is no plain text.
type page string

func (p page) MarshalBinary() ([]byte, error) { return []byte("page " + p), nil }

func (p *page) UnmarshalBinary(raw []byte) error {
	*p = page(bytes.TrimPrefix(raw, []byte("page ")))
	return nil
}

// storedAs checks which bytes stand for a value.
func storedAs[V any](t *testing.T, label string, v V, want string) {
	t.Helper()
	same(t, label, v)
	c, _ := newCache(t)
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) (V, error) { return v, nil })
	_ = mustGet2(f.Get(t.Context()))(t)
	raw, ok, err := c.Get(t.Context(), f.Key())
	if !ok || err != nil || string(raw) != want {
		t.Errorf("%s: stored as %q (%v, %v), want %q", label, raw, ok, err, want)
	}
}

func TestBytesAndTextAreStoredAsTheyAre(t *testing.T) {
	storedAs(t, "text", "<p>ä</p>", "<p>ä</p>")
	storedAs(t, "no text", "", "")
	storedAs(t, "text that is not UTF-8", "\xff\x00", "\xff\x00")
	storedAs(t, "named text", template.HTML("<b>"), "<b>")
	storedAs(t, "bytes", []byte("\x00\xff"), "\x00\xff")
	storedAs(t, "no bytes", []byte{}, "")
	storedAs(t, "named bytes", namedBytes("x"), "x")
	storedAs(t, "bytes that are named", []namedByte{1, 2}, "\x01\x02")
	storedAs(t, "nil", []byte(nil), "\x00nil\x00")
	storedAs(t, "as nil is stored", []byte("\x00nil\x00"), "\x00nil\x00\x00nil\x00")
	storedAs(t, "as that is stored", []byte("\x00nil\x00\x00nil\x00"), "\x00nil\x00\x00nil\x00\x00nil\x00")
	storedAs(t, "begins as nil does", []byte("\x00nil\x00x"), "\x00nil\x00\x00nil\x00x")
	storedAs(t, "text as nil is stored", "\x00nil\x00", "\x00nil\x00")
	storedAs(t, "encodes itself", page("x"), "\x46page x")
}

type (
	namedBytes []byte
	namedByte  byte
)

func TestForeignBytesAmongBytes(t *testing.T) {
	c, _ := newCache(t)
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) ([]byte, error) { return []byte("loaded"), nil })
	mustDo(t, c.Set(t.Context(), f.Key(), []byte("\x00nil\x00x"), fragment.Policy{}))
	if got := mustGet2(f.Get(t.Context()))(t); string(got) != "loaded" {
		t.Errorf("got %q, which nobody stored", got)
	}
}

func TestBytesHandedOutAreTheCallers(t *testing.T) {
	c, _ := newCache(t)
	kept := []byte("page")
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) ([]byte, error) { return kept, nil })
	for _, when := range []string{"miss", "hit", "second hit"} {
		got := mustGet2(f.Get(t.Context()))(t)
		if string(got) != "page" {
			t.Fatalf("%s: got %q, want page", when, got)
		}
		got[0] = 'X'
		_ = append(got, 'Y')
	}
	if string(kept) != "page" {
		t.Errorf("the loader's own value was changed: %q", kept)
	}
	mine := []byte("mine")
	mustDo(t, f.Set(t.Context(), mine))
	mine[0] = 'X'
	if got := mustGet2(f.Get(t.Context()))(t); string(got) != "mine" {
		t.Errorf("after Set: got %q, want mine", got)
	}
}

// shared is a Backend that hands out what it holds, as one in memory may.
type shared struct{ shelf }

func (s *shared) Get(_ context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.items[key]
	return value, ok, nil
}

func TestHitOnBytesCopiesOnce(t *testing.T) {
	const size = 1 << 20
	c, err := fragment.New(&shared{}, fragment.Options{})
	mustDo(t, err)
	bytes := memo.Value(c, "b", fragment.Policy{}, func(context.Context) ([]byte, error) { return make([]byte, size), nil })
	text := memo.Value(c, "t", fragment.Policy{}, func(context.Context) (string, error) { return strings.Repeat("x", size), nil })
	for label, get := range map[string]func(){
		"bytes": func() { _ = mustGet2(bytes.Get(t.Context()))(t) },
		"text":  func() { _ = mustGet2(text.Get(t.Context()))(t) },
	} {
		get()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			get()
		}
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) / 10; took > size+size/10 {
			t.Errorf("%s: a hit on %d bytes allocates %d, want one copy", label, size, took)
		}
	}
}

// Whatever bytes are answers: they come back, and whatever bytes are found
// are an answer or a miss.
func FuzzRaw(f *testing.F) {
	for _, raw := range []string{"", "x", "\x00nil\x00", "\x00nil\x00\x00nil\x00", "\x00nil\x00x", "\x00ni"} {
		f.Add([]byte(raw))
	}
	c, err := fragment.New(&shelf{}, fragment.Options{})
	mustDo(f, err)
	var answer []byte
	loader := memo.Value(c, "raw", fragment.Policy{}, func(context.Context) ([]byte, error) { return answer, nil })
	text := memo.Value(c, "raw", fragment.Policy{}, func(context.Context) (string, error) { return string(answer), nil })
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer = raw
		mustDo(t, loader.Delete(t.Context()))
		mustDo(t, text.Delete(t.Context()))
		for _, when := range []string{"miss", "hit"} {
			if got := mustGet2(loader.Get(t.Context()))(t); !bytes.Equal(got, raw) || got == nil != (raw == nil) {
				t.Errorf("%s: got %q, want %q", when, got, raw)
			}
			if got := mustGet2(text.Get(t.Context()))(t); got != string(raw) {
				t.Errorf("%s: got text %q, want %q", when, got, raw)
			}
		}
		answer = []byte("loaded")
		mustDo(t, c.Set(t.Context(), loader.Key(), raw, fragment.Policy{}))
		got := mustGet2(loader.Get(t.Context()))(t)
		if again := slices.Clone(got); !bytes.HasSuffix(raw, again) && string(got) != "loaded" {
			t.Errorf("%q was read as %q", raw, got)
		}
	})
}
