package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var errTransform = errors.New("the transform failed")

// A marker puts its mark before what it seals. Each hook that is set may fail in
// its place.
type marker struct {
	mark string
	seal func(key string) error
	open func(entry []byte) ([]byte, error)
}

func (m *marker) Seal(key string, entry []byte) ([]byte, error) {
	if m.seal != nil {
		if err := m.seal(key); err != nil {
			return nil, err
		}
	}
	return append([]byte(m.mark), entry...), nil
}

func (m *marker) Open(_ string, sealed []byte) ([]byte, error) {
	entry, ok := bytes.CutPrefix(sealed, []byte(m.mark))
	if !ok {
		return nil, errTransform
	}
	if m.open != nil {
		return m.open(entry)
	}
	return entry, nil
}

// sealFails are ways in which Seal fails.
var sealFails = map[string]func(key string) error{
	"an error": func(string) error { return errTransform },
	"a panic":  func(string) error { panic(errTransform) },
}

// A store is a Backend of fragmenttest.
type store interface {
	Keys() []string
	Raw(key string) (raw []byte, ok bool)
	Put(key string, raw []byte)
}

// onBoth runs a test on a Backend of this process, and on a server.
func onBoth(t *testing.T, name string, test func(t *testing.T, s store, b fragment.Backend)) {
	t.Run(name+" in memory", func(t *testing.T) { m := fragmenttest.NewMemory(); test(t, m, m) })
	t.Run(name+" on a server", func(t *testing.T) { s := fragmenttest.NewServer(); test(t, s, s.Connect()) })
}

// entriesOf returns the keys of s that are not those of stamps.
func entriesOf(s store) (keys []string) {
	for _, key := range s.Keys() {
		if !isStamp(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func wantStored(t *testing.T, s store, want ...string) {
	t.Helper()
	if got := strings.Join(entriesOf(s), " "); got != strings.Join(want, " ") {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// What is stored is what the last transform returned, and they open in reverse.
func TestTransformsApplyInTheirOrder(t *testing.T) {
	onBoth(t, "", func(t *testing.T, s store, b fragment.Backend) {
		transforms := []fragment.Transform{&marker{mark: "first "}, &marker{mark: "second "}}
		c := open(t, b, fragment.Options{Transforms: transforms})
		transforms[0] = nil // the list is the caller's
		p, one, two := withTags("t"), fragment.KeyOf("one"), fragment.KeyOf("two")
		wantDo(t, c, body, p, withHead(give("body")), "body")
		must(t, c.SetMany(t.Context(), map[fragment.Key][]byte{one: nil, two: nil}, p))
		wantStored(t, s, "body", "head", "one", "two")
		for _, key := range entriesOf(s) {
			if raw, _ := s.Raw(key); !strings.HasPrefix(string(raw), "second first ") {
				t.Errorf("under %q: %.20q", key, raw)
			}
		}
		wantGet(t, c, body, "body")
		wantGet(t, c, head, "head")
		wantGet(t, c, one, "")
		must(t, c.InvalidateTags(t.Context(), "t"))
		for _, k := range []fragment.Key{body, head, one, two} {
			wantGet(t, c, k, "-")
		}
	})
}

// A Seal that fails costs the storing of an entry, and nothing else: neither the
// page nor what was stored before.
func TestSealThatFailsIsASkip(t *testing.T) {
	for way, fail := range sealFails {
		onBoth(t, way, func(t *testing.T, s store, b fragment.Backend) {
			m := new(marker)
			var seen fragmenttest.Recorder
			c := open(t, b, fragment.Options{Transforms: []fragment.Transform{m}, Observe: seen.Observe})
			wantDo(t, c, body, fragment.Policy{}, give("before"), "before")
			m.seal = fail
			wantDo(t, c, head, fragment.Policy{}, give("head"), "head")
			seen.NotStored("head", errTransform.Error()).Once(t)
			var of context.Context
			wantDo(t, c, body, fragment.Policy{Refresh: true}, func(ctx context.Context) ([]byte, error) {
				of = ctx
				return []byte("new"), nil
			}, "new")
			if stored, why := fragment.Kept(of); stored || why != "transform" {
				t.Errorf("Kept = %t, %q, want transform", stored, why)
			}
			wantGet(t, c, body, "before")
			seen.Faulted("", "").Never(t)
			wantStored(t, s, "body")
		})
	}
}

// Of several it costs those that it befalls.
func TestSealThatFailsForSome(t *testing.T) {
	for way, fail := range sealFails {
		onBoth(t, way, func(t *testing.T, s store, b fragment.Backend) {
			var seen fragmenttest.Recorder
			failForHead := func(key string) error {
				if strings.HasPrefix(key, "head") {
					return fail(key)
				}
				return nil
			}
			c := open(t, b, fragment.Options{Transforms: []fragment.Transform{&marker{seal: failForHead}}, Observe: seen.Observe})
			one := fragment.KeyOf("one")
			answers, err := c.DoMany(t.Context(), []fragment.Key{one, head}, fragment.Policy{},
				func(context.Context, []int) ([]fragment.Filled, error) {
					return []fragment.Filled{{Value: []byte("1")}, {Value: []byte("2")}}, nil
				})
			if err != nil || string(answers[0].Value) != "1" || string(answers[1].Value) != "2" {
				t.Errorf("DoMany: %v, %v", answers, err)
			}
			wantStored(t, s, "one")
			err = c.SetMany(t.Context(), map[fragment.Key][]byte{fragment.KeyOf("set"): nil, head: nil}, fragment.Policy{})
			if err == nil || !strings.Contains(err.Error(), errTransform.Error()) {
				t.Errorf("SetMany: %v, want the error of the transform", err)
			}
			wantStored(t, s, "one", "set")

			// An entry is not stored without its companion, nor the other way round.
			wantDo(t, c, body, fragment.Policy{}, withHead(give("body")), "body")
			wantStored(t, s, "one", "set")
			seen.NotStored("body", errTransform.Error()).Once(t)
			seen.Faulted("", "").Never(t)
		})
	}
}

// Writers return it. Set deletes what was there before.
func TestSealThatFailsIsReturnedByWriters(t *testing.T) {
	for way, fail := range sealFails {
		onBoth(t, way, func(t *testing.T, s store, b fragment.Backend) {
			m, ctx, k := new(marker), t.Context(), fragment.KeyOf("k")
			c := open(t, b, fragment.Options{Transforms: []fragment.Transform{m}})
			must(t, c.Set(ctx, k, []byte("before"), fragment.Policy{}))
			m.seal = fail
			wantErr := func(doing string, err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), errTransform.Error()) {
					t.Errorf("%s: error %v, want that of the transform", doing, err)
				}
			}
			_, err := c.Touch(ctx, k, fragment.Policy{})
			wantErr("Touch", err)
			wantGet(t, c, k, "before")
			wantErr("Expire", c.Expire(ctx, k))
			wantGet(t, c, k, "-")
			m.seal = nil
			must(t, c.Set(ctx, k, []byte("before"), fragment.Policy{}))
			m.seal = fail
			wantErr("Set", c.Set(ctx, k, []byte("new"), fragment.Policy{}))
			wantStored(t, s)
		})
	}
}
