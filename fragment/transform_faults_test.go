package fragment_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A stale value is served while its refill cannot be sealed.
func TestSealThatFailsLeavesTheStaleValue(t *testing.T) {
	for way, fail := range sealFails {
		synctest.Test(t, func(t *testing.T) {
			m, p := new(marker), fragment.Policy{TTL: time.Minute, Stale: time.Hour}
			c := fresh(t, fragment.Options{Transforms: []fragment.Transform{m}})
			wantDo(t, c, body, p, give("old"), "old")
			time.Sleep(2 * time.Minute)
			m.seal = fail
			wantDo(t, c, body, p, give("new"), "new")
			if got := do(t, t.Context(), c, body, p, fails); got != "old" {
				t.Errorf("%s: got %q of a fill that fails, want the stale value", way, got)
			}
		})
	}
}

// An Open that fails is a miss and a fault, whatever the way.
func TestOpenThatFailsIsAMiss(t *testing.T) {
	for way, fail := range map[string]func(entry []byte) ([]byte, error){
		"an error":           func([]byte) ([]byte, error) { return nil, errTransform },
		"an error and bytes": func(entry []byte) ([]byte, error) { return entry, errTransform },
		"a panic":            func([]byte) ([]byte, error) { panic(errTransform) },
		"nothing":            func([]byte) ([]byte, error) { return nil, nil },
		"half":               func(entry []byte) ([]byte, error) { return entry[:len(entry)/2], nil },
		"more":               func(entry []byte) ([]byte, error) { return append(bytes.Clone(entry), 0), nil },
	} {
		onBoth(t, way, func(t *testing.T, s store, b fragment.Backend) {
			m := &marker{mark: "mark "}
			var seen fragmenttest.Recorder
			c := open(t, b, fragment.Options{Transforms: []fragment.Transform{m}, Observe: seen.Observe})
			wantDo(t, c, body, fragment.Policy{}, give("before"), "before")
			m.open = fail
			seen.Reset()
			for doing, look := range map[string]func() (bool, error){
				"Get":   func() (bool, error) { _, ok, err := c.Get(t.Context(), body); return ok, err },
				"Has":   func() (bool, error) { return c.Has(t.Context(), body) },
				"TTL":   func() (bool, error) { _, ok, err := c.TTL(t.Context(), body); return ok, err },
				"Touch": func() (bool, error) { return c.Touch(t.Context(), body, fragment.Policy{}) },
				"GetMany": func() (bool, error) {
					found, err := c.GetMany(t.Context(), []fragment.Key{body, head})
					return len(found) > 0, err
				},
			} {
				if ok, err := look(); ok || err != nil {
					t.Errorf("%s: %t, %v, want a miss", doing, ok, err)
				}
				seen.Faulted("body", "decode").Once(t)
				seen.Reset()
			}
			wantDo(t, c, body, fragment.Policy{}, give("anew"), "anew")
			m.open = nil
			wantGet(t, c, body, "anew")
			wantStored(t, s, "body")
		})
	}
}

// What Set could not replace and not delete is owed to the Backend: it is not
// served, now or later.
func TestSetThatNeitherStoresNorDeletes(t *testing.T) {
	for why, value := range map[string]string{"the transform fails": "new", "it is too large": "much too large"} {
		synctest.Test(t, func(t *testing.T) {
			m, faults, s := new(marker), new(fragmenttest.Faults), fragmenttest.NewServer()
			c := open(t, faults.Wrap(s.Connect()), fragment.Options{MaxValue: 8, Transforms: []fragment.Transform{m}})
			must(t, c.Set(t.Context(), body, []byte("old"), fragment.Policy{TTL: time.Hour}))
			m.seal = sealFails["an error"]
			faults.Inject(fragmenttest.Fault{On: fragmenttest.Deletes, Times: 1})
			wantErr(t, why, c.Set(t.Context(), body, []byte(value), fragment.Policy{}), fragmenttest.ErrInjected)
			wantGet(t, c, body, "-")
			time.Sleep(15 * time.Minute) // when nothing else keeps it from being served
			wantGet(t, c, body, "-")
			wantStored(t, s)
		})
	}
}
