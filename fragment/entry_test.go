package fragment_test

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// An entry in a Backend, as entry.go documents it: 56 bytes of head, then name
// and tags, whose length is at 52, then the value. The checksum is that of a
// Backend of this process; foreign_test.go has the others.
const (
	entryHead    = 56
	versionByte  = 1
	reservedByte = 2
)

// mend gives raw the checksum that its head should have.
func mend(raw []byte) []byte {
	if len(raw) < entryHead {
		return raw
	}
	end := min(entryHead+uint64(binary.LittleEndian.Uint32(raw[52:])), uint64(len(raw)))
	sum := crc32.Checksum(raw[8:end], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(raw[4:], sum)
	return raw
}

// A vault is a Cache, its Backend, and an entry in it that others may change.
type vault struct {
	c     *fragment.Cache
	m     *memory
	w     watcher
	k     fragment.Key
	where string
	whole []byte
}

const vaultValue = "the value"

func newVault(t testing.TB) *vault {
	v := &vault{m: newMemory(), k: fragment.KeyOf("vault", 1)}
	v.c = open(t, local{v.m}, fragment.Options{Observe: v.w.observe})
	must(t, v.c.Set(t.Context(), v.k, []byte(vaultValue), fragment.Policy{Tags: []string{"one", "two"}}))
	v.where, v.whole = v.m.only(t)
	v.w.take()
	return v
}

// hold replaces the entry and reports what Get finds.
func (v *vault) hold(t testing.TB, raw []byte) (value string, ok bool) {
	t.Helper()
	must(t, v.m.Set(t.Context(), v.where, raw, fragment.Forever))
	got, ok, err := v.c.Get(t.Context(), v.k)
	if err != nil {
		t.Errorf("Get of a changed entry: %v", err)
	}
	return string(got), ok
}

// copy returns the entry to be changed.
func (v *vault) copy() []byte { return append([]byte(nil), v.whole...) }

func (v *vault) wantMiss(t *testing.T, what string, raw []byte) {
	t.Helper()
	if value, ok := v.hold(t, raw); ok {
		t.Errorf("%s: a hit of %q, want a miss", what, value)
	}
	if got := v.w.events(fragment.EventFault); len(got) != 1 || got[0].Name != "vault" || got[0].Err == nil {
		t.Errorf("%s: faults %v, want one", what, got)
	}
	v.w.take()
}

func TestCorruptEntryIsAMissAndAFault(t *testing.T) {
	v := newVault(t)
	if value, ok := v.hold(t, v.copy()); !ok || value != vaultValue {
		t.Fatalf("the whole entry: %q, %t", value, ok)
	}
	v.w.take()
	for n := range v.whole {
		v.wantMiss(t, "truncated", v.copy()[:n])
	}
	v.wantMiss(t, "one byte more", append(v.copy(), 0))
	v.wantMiss(t, "twice", append(v.copy(), v.whole...))
	for at := range len(v.whole) - len(vaultValue) {
		for bit := range 8 {
			raw := v.copy()
			raw[at] ^= 1 << bit
			v.wantMiss(t, "a bit flipped", raw)
		}
	}
	v.wantMiss(t, "text", []byte("<html>an entry of somebody else, as long as a head of ours is</html>"))
}

func TestEntryOfAnotherFormatIsAMiss(t *testing.T) {
	v := newVault(t)
	for name, at := range map[string]int{"magic": 0, "version": versionByte, "reserved": reservedByte, "reserved too": reservedByte + 1} {
		raw := v.copy()
		raw[at]++
		v.wantMiss(t, "another "+name, mend(raw))
	}
}

// Only what is missing or broken by chance is a fault; an entry of another
// process, whole but with stamps of its own, is simply a miss.
func TestEntryOfAnotherProcessIsAMiss(t *testing.T) {
	v := newVault(t)
	other := open(t, local{v.m}, fragment.Options{Observe: v.w.observe})
	wantGet(t, other, v.k, "-")
	wantGet(t, v.c, v.k, vaultValue)
	if faults := v.w.events(fragment.EventFault); len(faults) != 0 {
		t.Errorf("faults: %v", faults)
	}
}

// wantHarmless tests that nothing a Backend returns costs more than a miss.
func (v *vault) wantHarmless(t *testing.T, raw []byte) {
	t.Helper()
	v.w.take()
	must(t, v.m.Set(t.Context(), v.where, raw, fragment.Forever))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := v.c.Do(t.Context(), v.k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		return v.c.Do(ctx, v.k, fragment.Policy{}, give("filled"))
	})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Errorf("Do: %v", err)
	}
	if len(got) > max(len(raw), len("filled")) {
		t.Errorf("Do of an entry of %d bytes returned %d", len(raw), len(got))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 { // the fuzzer itself takes some
		t.Errorf("an entry of %d bytes took %d bytes of memory", len(raw), used)
	}
	for _, use := range []func() error{
		func() error { _, err := v.c.Touch(t.Context(), v.k, fragment.Policy{}); return err },
		func() error { return v.c.Expire(t.Context(), v.k) },
		func() error { _, _, err := v.c.TTL(t.Context(), v.k); return err },
	} {
		must(t, v.m.Set(t.Context(), v.where, raw, fragment.Forever))
		if err := use(); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// The fuzzer changes a real entry from a place on, and may mend its checksum.
func FuzzHostileEntry(f *testing.F) {
	f.Add(uint16(0), []byte{}, false, uint16(0))
	f.Add(uint16(44), []byte{0xff, 0xff, 0xff, 0xff}, true, uint16(0))             // a value of 4 GB
	f.Add(uint16(48), []byte{0xff, 0xff}, true, uint16(0))                         // a name beyond the end
	f.Add(uint16(50), []byte{0xff, 0xff}, true, uint16(0))                         // 65535 tags
	f.Add(uint16(52), []byte{0xff, 0xff, 0xff, 0xff}, true, uint16(0))             // names and tags of 4 GB
	f.Add(uint16(70), []byte{0xff, 0xff, 0xff, 0xff}, true, uint16(0))             // in the tags
	f.Add(uint16(8), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, true, uint16(0))  // far times
	f.Add(uint16(44), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true, uint16(9)) // nothing at all
	v := newVault(f)
	f.Fuzz(func(t *testing.T, at uint16, patch []byte, mended bool, cut uint16) {
		raw := v.copy()
		raw = append(raw[:min(int(at), len(raw))], patch...)
		if len(raw) < len(v.whole) {
			raw = append(raw, v.whole[len(raw):]...)
		}
		raw = raw[:len(raw)-min(int(cut), len(raw))]
		if mended {
			raw = mend(raw)
		}
		v.wantHarmless(t, raw)
	})
}
