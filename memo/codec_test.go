package memo_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// gobs is a Codec of one's own.
type gobs[V any] struct{ name string }

func (g gobs[V]) Name() string { return g.name }

func (gobs[V]) Marshal(v V) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(&v)
	return b.Bytes(), err
}

func (gobs[V]) Unmarshal(raw []byte, v *V) error {
	return gob.NewDecoder(bytes.NewReader(raw)).Decode(v)
}

// keptBy returns a loader of users that counts its runs.
func keptBy(t testing.TB, c *fragment.Cache, codec memo.Codec[user], runs *int) *memo.Func[int64, user] {
	t.Helper()
	f, err := memo.NewWithOptions(c, "user", fragment.Policy{}, memo.Options[int64, user]{Codec: codec},
		func(_ context.Context, id int64) (user, error) {
			*runs++
			return user{ID: id, Name: "loaded"}, nil
		})
	mustDo(t, err)
	return f
}

func TestCodecOfOnesOwn(t *testing.T) {
	c, _ := newCache(t)
	runs := 0
	f := keptBy(t, c, gobs[user]{"gob"}, &runs)
	for range 2 {
		if got := mustGet2(f.Get(t.Context(), 7))(t); got.ID != 7 || got.Name != "loaded" || runs != 1 {
			t.Errorf("got %+v after %d runs, want what was loaded once", got, runs)
		}
	}
	for label, raw := range garbage {
		mustDo(t, c.Set(t.Context(), f.Key(7), raw, fragment.Policy{}))
		runs = 0
		if got := mustGet2(f.Get(t.Context(), 7))(t); got.Name != "loaded" || runs != 1 {
			t.Errorf("%s: got %+v after %d runs, want it loaded", label, got, runs)
		}
	}
}

// A change of codec misses, instead of reading what another wrote.
func TestCodecsDoNotMeet(t *testing.T) {
	c, _ := newCache(t)
	runs := 0
	keys := []fragment.Key{memo.New(c, "user", fragment.Policy{}, noLoad[int64, user]).Key(7)}
	for _, codec := range []memo.Codec[user]{memo.JSON[user]{}, gobs[user]{"gob"}, gobs[user]{"gob 2"}} {
		keys = append(keys, keptBy(t, c, codec, &runs).Key(7))
	}
	allDiffer(t, keys)
	var byDefault memo.Codec[user]
	if keptBy(t, c, byDefault, &runs).Key(7) != keys[0] {
		t.Error("no codec and the default have two keys")
	}
}

// broken is a Codec that does what its fields say.
type broken struct {
	marshal   func() ([]byte, error)
	unmarshal func(*user) error
	check     error
	name      string
}

func (b broken) Name() string                      { return b.name }
func (b broken) Check() error                      { return b.check }
func (b broken) Marshal(user) ([]byte, error)      { return b.marshal() }
func (b broken) Unmarshal(_ []byte, u *user) error { return b.unmarshal(u) }

func TestCodecsThatFail(t *testing.T) {
	fine := func() ([]byte, error) { return []byte("x"), nil }
	for label, codec := range map[string]broken{
		"Marshal fails":    {marshal: func() ([]byte, error) { return nil, errors.New("hidden") }},
		"Marshal panics":   {marshal: func() ([]byte, error) { panic("hidden") }},
		"Unmarshal fails":  {marshal: fine, unmarshal: func(u *user) error { u.Name = "half"; return errors.New("hidden") }},
		"Unmarshal panics": {marshal: fine, unmarshal: func(u *user) error { u.Name = "half"; panic("hidden") }},
	} {
		c, seen := newCache(t)
		runs := 0
		codec.name = "broken"
		f := keptBy(t, c, codec, &runs)
		for range 2 {
			if got := mustGet2(f.Get(t.Context(), 7))(t); got.Name != "loaded" {
				t.Errorf("%s: got %+v, want what was loaded", label, got)
			}
		}
		mustDo(t, c.Set(t.Context(), f.Key(7), []byte("foreign"), fragment.Policy{}))
		if codec.unmarshal != nil {
			if _, ok, err := f.Peek(t.Context(), 7); ok || err != nil {
				t.Errorf("%s: Peek: %v, %v, want a miss", label, ok, err)
			}
		}
		why := strings.Join(seen.skips(), ";")
		if err := f.Set(t.Context(), 7, user{}); err == nil {
			t.Errorf("%s: Set reports nothing", label)
		} else {
			why += err.Error()
		}
		if strings.Contains(why, "hidden") || !strings.Contains(why, "memo: a memo_test.user cannot be stored") {
			t.Errorf("%s: told as %q", label, why)
		}
		if ok, err := c.Has(t.Context(), f.Key(7)); ok || err != nil {
			t.Errorf("%s: after Set: something is stored: %v, %v", label, ok, err)
		}
	}
}

func TestBadCodecs(t *testing.T) {
	c, _ := newCache(t)
	for want, codec := range map[string]broken{
		"Options.Codec, a memo_test.broken, has no name":            {},
		`loader "x": the value cannot be stored: no user is stored`: {name: "broken", check: errors.New("no user is stored")},
	} {
		f, err := memo.NewWithOptions(c, "x", fragment.Policy{}, memo.Options[int, user]{Codec: codec}, noLoad[int, user])
		if f != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %q", f, err, want)
		}
	}
}
