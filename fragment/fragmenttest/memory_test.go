package fragmenttest_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func TestMemoryShowsWhatItHolds(t *testing.T) {
	m := fragmenttest.NewMemory()
	set(t, m, "b", "two", time.Minute)
	set(t, m, "a", "one", fragment.Forever)
	if got, want := m.Keys(), []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("Keys: got %q, want %q", got, want)
	}
	wantEqual(t, "Len", m.Len(), 2)
	ttl, ok := m.TTL("b")
	wantEqual(t, "TTL", ttl, time.Minute)
	wantEqual(t, "TTL, ok", ok, true)
	_, ok = m.TTL("absent")
	wantEqual(t, "TTL of what is not there, ok", ok, false)

	raw, ok := m.Raw("a")
	wantEqual(t, "Raw", string(raw), "one")
	wantEqual(t, "Raw, ok", ok, true)
	raw[0] = 'X'
	wantGet(t, m, "a", "one")
	m.Put("a", raw)
	raw[0] = 'Y'
	wantGet(t, m, "a", "Xne")

	wantEqual(t, "Evict", m.Evict(func(key string) bool { return key == "a" }), 1)
	wantGet(t, m, "a", "-")
	wantGet(t, m, "b", "two")
}

func TestMemoryKeepsAnEntryPastItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := fragmenttest.NewMemory()
		set(t, m, "key", "value", time.Second)
		time.Sleep(time.Hour)
		wantGet(t, m, "key", "value")
	})
}

func TestMemoryIsClosedByItsCache(t *testing.T) {
	m := fragmenttest.NewMemory()
	c := open(t, m, fragment.Options{})
	wantDo(t, c, fragment.KeyOf("k"), "filled", "filled")
	wantEqual(t, "Closed before Close", m.Closed(), false)
	c.Close()
	wantEqual(t, "Closed", m.Closed(), true)
	wantEqual(t, "Len", m.Len(), 0)
	if err := m.Set(t.Context(), "key", nil, time.Hour); err == nil {
		t.Error("Set after Close: got no error, want one")
	}
}

func TestADamagedEntryIsAMiss(t *testing.T) {
	var m fragmenttest.Memory // the zero value is ready
	c := open(t, &m, fragment.Options{})
	k := fragment.KeyOf("k")
	wantDo(t, c, k, "first", "first")
	raw, _ := m.Raw(m.Keys()[0])
	m.Put(m.Keys()[0], raw[:len(raw)-1])
	wantDo(t, c, k, "second", "second")
	wantEqual(t, "Faults", c.Stats().Faults, 1)
}
