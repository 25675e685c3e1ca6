package fragment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// able is a Backend that reads and writes many keys in one trip.
type able struct {
	local
	trips int
}

func (a *able) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	a.trips++
	return fragment.GetMany(ctx, a.local, keys)
}

func (a *able) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	a.trips++
	return fragment.SetMany(ctx, a.local, items, ttl)
}

// Many keys take one trip where the Backend can, and mean the same anyhow.
func TestManyAtOnce(t *testing.T) {
	for name, b := range map[string]fragment.Backend{"one by one": local{newMemory()}, "one trip": &able{local: local{newMemory()}}} {
		ctx, c := t.Context(), open(t, b, fragment.Options{})
		items := make(map[fragment.Key][]byte)
		keys := []fragment.Key{fragment.KeyOf("absent")}
		for i := range 10 {
			k := fragment.KeyOf("k", i)
			items[k], keys = fmt.Append(nil, i), append(keys, k, k)
		}
		must(t, c.SetMany(ctx, items, fragment.Policy{Tags: []string{"t"}}))
		found, err := c.GetMany(ctx, keys)
		must(t, err)
		if len(found) != len(items) {
			t.Errorf("%s: %d found, want %d", name, len(found), len(items))
		}
		for k, want := range items {
			if string(found[k]) != string(want) {
				t.Errorf("%s: %q found, want %q", name, found[k], want)
			}
			wantGet(t, c, k, string(want))
		}
		if a, ok := b.(*able); ok && a.trips != 2 {
			t.Errorf("%d trips, want one to set and one to get", a.trips)
		}
		must(t, c.InvalidateTags(ctx, "t"))
		if found, err := c.GetMany(ctx, keys); len(found) != 0 || err != nil {
			t.Errorf("%s: %d found (%v) after the invalidation", name, len(found), err)
		}
		none, err := c.GetMany(ctx, nil)
		if none == nil || len(none) != 0 || err != nil {
			t.Errorf("%s: GetMany of nothing = %v, %v", name, none, err)
		}
		must(t, c.SetMany(ctx, nil, fragment.Policy{}))
	}
}

// A key that cannot be read costs the others nothing.
func TestGetManyServesWhatItRead(t *testing.T) {
	m := newMemory()
	b := &meddler{Backend: m, get: func(_ context.Context, key string) error {
		if key == "k|i2" {
			return errDisk
		}
		return nil
	}}
	c := open(t, local{b}, fragment.Options{})
	keys := []fragment.Key{fragment.KeyOf("k", 1), fragment.KeyOf("k", 2), fragment.KeyOf("k", 3)}
	for _, k := range keys {
		must(t, c.Set(t.Context(), k, nil, fragment.Policy{}))
	}
	found, err := c.GetMany(t.Context(), keys)
	if _, ok := found[keys[0]]; !ok || err != nil || len(found) != 2 {
		t.Errorf("GetMany = %v, %v, want the first and the third", found, err)
	}
}

func TestAbilitiesOfABackend(t *testing.T) {
	m := newMemory()
	if _, ok := fragment.UsageOf(m); ok {
		t.Error("a memory tells its usage")
	}
	ctx := t.Context()
	must(t, fragment.SetMany(ctx, m, map[string][]byte{"a": []byte("1"), "b": nil}, time.Minute))
	found, err := fragment.GetMany(ctx, m, []string{"a", "b", "c"})
	if _, b := found["b"]; string(found["a"]) != "1" || !b || len(found) != 2 || err != nil {
		t.Errorf("GetMany = %v, %v", found, err)
	}
	f := newFaulty(false, "get", "set")
	f.on.Store(true)
	_, err = fragment.GetMany(ctx, &f.meddler, []string{"a"})
	wantErr(t, "GetMany", err, errDisk)
	wantErr(t, "SetMany", fragment.SetMany(ctx, &f.meddler, map[string][]byte{"a": nil}, 1), errDisk)
}

func TestNullKeepsNothing(t *testing.T) {
	ctx, c := t.Context(), open(t, fragment.Null(), fragment.Options{})
	wantDo(t, c, body, fragment.Policy{}, give("a"), "a")
	wantDo(t, c, body, fragment.Policy{}, give("b"), "b")
	must(t, c.Set(ctx, body, nil, fragment.Policy{}))
	wantGet(t, c, body, "-")
	must(t, c.Delete(ctx, body))
	if added, err := c.Add(ctx, body, nil, fragment.Policy{}); !added || err != nil {
		t.Errorf("Add = %t, %v", added, err)
	}
	if sum, err := c.Increment(ctx, body, 5, fragment.Policy{}); sum != 5 || err != nil {
		t.Errorf("Increment = %d, %v", sum, err)
	}
	if s := c.Stats(); s.Faults != 0 {
		t.Errorf("%d faults", s.Faults)
	}
}

func TestNewWithoutABackend(t *testing.T) {
	if c, err := fragment.New(nil, fragment.Options{}); c != nil || err == nil {
		t.Errorf("New(nil) = %v, %v, want an error", c, err)
	}
}

func TestPrefixIsChecked(t *testing.T) {
	for _, good := range []string{"", "a", "app:v1/x_y-z.0", longestPrefix} {
		if _, err := fragment.New(fragment.Null(), fragment.Options{Prefix: good}); err != nil {
			t.Errorf("prefix %q: %v", good, err)
		}
	}
	for _, bad := range []string{" ", "a b", "a~", "a|", "a!", "a#", "ä", "\x00", longestPrefix + "p"} {
		if _, err := fragment.New(fragment.Null(), fragment.Options{Prefix: bad}); err == nil {
			t.Errorf("prefix %q is taken", bad)
		}
	}
}

// What a program does to its Options after New is its own affair.
func TestOptionsAreCopied(t *testing.T) {
	tags := []string{"t"}
	c := fresh(t, fragment.Options{Policy: fragment.Policy{Tags: tags}})
	tags[0] = "changed"
	must(t, c.Set(t.Context(), body, nil, fragment.Policy{}))
	must(t, c.InvalidateTags(t.Context(), "t"))
	wantGet(t, c, body, "-")
}
