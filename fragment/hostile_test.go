package fragment_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An exposed server is a server that others may write to, with a Cache on it: what the
// Cache stored there, entries and stamps, and what each of its keys may hold.
type exposed struct {
	server *fragmenttest.Server
	c      *fragment.Cache
	p      fragment.Policy
	keys   []string          // of the server, and one of each kind that is not there
	whole  map[string][]byte // what is there
	values map[fragment.Key]string
}

var setKey, absentKey = fragment.KeyOf("set"), fragment.KeyOf("absent")

func newExposed(t testing.TB) *exposed {
	s := &exposed{server: fragmenttest.NewServer(), p: withTags("one", "two"), whole: make(map[string][]byte)}
	s.c = open(t, s.server.Connect(), fragment.Options{})
	s.values = map[fragment.Key]string{body: "the body", head: "head", setKey: "what was set", absentKey: "absent"}
	must(t, s.c.Set(t.Context(), setKey, []byte(s.values[setKey]), s.p))
	wantDo(t, s.c, body, s.p, withHead(tagged("three", s.values[body])), s.values[body])
	must(t, s.c.InvalidateTags(t.Context(), "four"))
	for k, value := range s.values {
		if k == absentKey {
			value = "-"
		}
		wantGet(t, s.c, k, value)
	}
	s.keys = s.server.Keys()
	for _, key := range s.keys {
		s.whole[key], _ = s.server.Raw(key)
	}
	s.keys = append(s.keys, "absent", "!k|absent", "!k|body", "!0", "!x", "!")
	return s
}

// hold puts everything back, with raw under key.
func (s *exposed) hold(key string, raw []byte) {
	s.server.Flush()
	for key, whole := range s.whole {
		s.server.Put(key, whole)
	}
	s.server.Put(key, raw)
}

// mendBound gives raw the checksum that it should have under key.
func mendBound(raw []byte, key string) []byte {
	if len(raw) < entryHead {
		return raw
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Checksum(raw[8:], table)^uint32(raw[3]), table, []byte(key))
	binary.LittleEndian.PutUint32(raw[4:], sum)
	return raw
}

// A hostile is what was put under one key of a exposed.
type hostile struct {
	*exposed
	key    string
	raw    []byte
	forged bool // it has a checksum, which anybody can compute: its value may be any
}

// wantHarmless tests that each use of the Cache costs no more than a miss.
func (h *hostile) wantHarmless(t *testing.T) {
	t.Helper()
	for _, use := range []func(t *testing.T){h.read, h.fill, h.change, h.free} {
		h.hold(h.key, h.raw)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		use(t)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(8<<20+100*len(h.raw)) { // the fuzzer itself takes some
			t.Errorf("%d bytes under %q took %d bytes of memory", len(h.raw), h.key, used)
		}
	}
}

// want tests that k was answered with its value, or with others that may be.
func (h *hostile) want(t *testing.T, doing string, k fragment.Key, got []byte, others ...string) {
	t.Helper()
	if string(got) == h.values[k] && k != absentKey || h.forged && k.Name() == h.key && len(got) <= len(h.raw) {
		return
	}
	for _, other := range others {
		if string(got) == other {
			return
		}
	}
	t.Errorf("%s of %v with %q under %q: got %q", doing, k, h.raw, h.key, got)
}

// err tests an error of a method of k.
func (h *hostile) err(t *testing.T, doing string, k fragment.Key, err error) {
	t.Helper()
	if err != nil && !(h.forged && k.Name() == h.key && errors.Is(err, fragment.ErrNotFound)) {
		t.Errorf("%s of %v with %q under %q: %v", doing, k, h.raw, h.key, err)
	}
}

func (h *hostile) read(t *testing.T) {
	var keys []fragment.Key
	for k := range h.values {
		keys = append(keys, k)
		got, ok, err := h.c.Get(t.Context(), k)
		h.err(t, "Get", k, err)
		if ok {
			h.want(t, "Get", k, got)
		}
		_, _, err = h.c.TTL(t.Context(), k)
		h.err(t, "TTL", k, err)
	}
	found, err := h.c.GetMany(t.Context(), keys)
	h.err(t, "GetMany", body, err)
	for k, got := range found {
		h.want(t, "GetMany", k, got)
	}
}

// fill asks twice: what was filled over the bytes of others is served as well.
func (h *hostile) fill(t *testing.T) {
	for range 2 {
		for k := range h.values {
			got, err := h.c.Do(t.Context(), k, h.p, withHead(tagged("three", "filled")))
			h.err(t, "Do", k, err)
			h.want(t, "Do", k, got, "filled", "head")
		}
	}
	h.hold(h.key, h.raw)
	keys := []fragment.Key{body, setKey, absentKey}
	answers, err := h.c.DoMany(t.Context(), keys, h.p, func(_ context.Context, missing []int) ([]fragment.Filled, error) {
		filled := make([]fragment.Filled, len(missing))
		for i := range filled {
			filled[i] = fragment.Filled{Value: []byte("filled"), Tags: []string{"three"}}
		}
		return filled, nil
	})
	h.err(t, "DoMany", body, err)
	for i, k := range keys {
		h.err(t, "DoMany", k, answers[i].Err)
		if answers[i].Err == nil {
			h.want(t, "DoMany", k, answers[i].Value, "filled")
		}
	}
}

func (h *hostile) change(t *testing.T) {
	for k := range h.values {
		_, err := h.c.Touch(t.Context(), k, h.p)
		h.err(t, "Touch", k, err)
		if got, ok, _ := h.c.Get(t.Context(), k); ok {
			h.want(t, "Get after Touch", k, got)
		}
		h.err(t, "Expire", k, h.c.Expire(t.Context(), k))
		h.wantMiss(t, "Expire", k)
	}
	for k := range h.values {
		h.err(t, "Set", k, h.c.Set(t.Context(), k, []byte("new"), h.p))
		if got, ok, _ := h.c.Get(t.Context(), k); ok && string(got) != "new" {
			t.Errorf("Get(%v) after Set with %q under %q: got %q", k, h.raw, h.key, got)
		}
		h.err(t, "Delete", k, h.c.Delete(t.Context(), k))
		h.wantMiss(t, "Delete", k)
	}
}

// free invalidates what is held. An entry that was forged may have other tags.
func (h *hostile) free(t *testing.T) {
	must(t, h.c.InvalidateTags(t.Context(), "two"))
	for k := range h.values {
		if !h.forged || k.Name() != h.key {
			h.wantMiss(t, "InvalidateTags", k)
		}
	}
	h.hold(h.key, h.raw)
	must(t, h.c.Clear(t.Context()))
	for k := range h.values {
		h.wantMiss(t, "Clear", k)
	}
}

func (h *hostile) wantMiss(t *testing.T, after string, k fragment.Key) {
	t.Helper()
	if got, ok, err := h.c.Get(t.Context(), k); ok || err != nil {
		t.Errorf("Get(%v) after %s with %q under %q: got %q, error %v, want a miss", k, after, h.raw, h.key, got, err)
	}
}

// The fuzzer puts under any key of a server, be it of an entry or of a stamp,
// what is held under any other, changed from a place on, and may mend the
// checksum that an entry has.
func FuzzHostileServer(f *testing.F) {
	s := newExposed(f)
	for i := range s.keys {
		n := uint8(i)
		f.Add(n, n, uint16(0), []byte{}, uint16(0), false)                                               // as it was
		f.Add(n, uint8(0), uint16(0), []byte{}, uint16(0), false)                                        // the bytes of another
		f.Add(n, n+1, uint16(0), []byte{}, uint16(0), true)                                              // and mended
		f.Add(n, n, uint16(0), []byte{}, uint16(1000), false)                                            // nothing at all
		f.Add(n, n, uint16(0), bytes.Repeat([]byte{0}, 8), uint16(0), false)                             // a stamp that is none
		f.Add(n, n, uint16(0), bytes.Repeat([]byte{0xff}, 8), uint16(0), false)                          // one that is blocked
		f.Add(n, n, uint16(3), []byte{1}, uint16(0), true)                                               // that there is nothing
		f.Add(n, n, uint16(8), bytes.Repeat([]byte{0xff}, 32), uint16(0), true)                          // far times
		f.Add(n, n, uint16(48), []byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint16(0), true)       // many tags
		f.Add(n, n, uint16(56), bytes.Repeat([]byte{0xff, 0xff, 0, 0, 7, 7}, 200), uint16(0), true)      // of all slots
		f.Add(n, n, uint16(44), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint16(0), true) // long values
	}
	f.Fuzz(func(t *testing.T, under, of uint8, at uint16, patch []byte, cut uint16, mended bool) {
		h := &hostile{exposed: s, key: s.keys[int(under)%len(s.keys)], forged: mended}
		whole := s.whole[s.keys[int(of)%len(s.keys)]]
		h.raw = append(bytes.Clone(whole[:min(int(at), len(whole))]), patch...)
		if len(h.raw) < len(whole) {
			h.raw = append(h.raw, whole[len(h.raw):]...)
		}
		h.raw = h.raw[:len(h.raw)-min(int(cut), len(h.raw))]
		if mended {
			h.raw = mendBound(h.raw, h.key)
		}
		h.wantHarmless(t)
	})
}
