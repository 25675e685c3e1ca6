package bigcachebackend_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

func get(t testing.TB, b *bigcachebackend.Backend, key string) []byte {
	t.Helper()
	value, _, err := b.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestWhatIsReadOverAndOverIsShared(t *testing.T) {
	b := opened(t, bigcachebackend.Options{})
	set(t, b, "page", bytes.Repeat([]byte("x"), 20<<10))
	get(t, b, "page")
	first, second := get(t, b, "page"), get(t, b, "page")
	if &first[0] != &second[0] {
		t.Error("the third read of an entry copies it")
	}
	if n := testing.AllocsPerRun(100, func() { get(t, b, "page") }); n > 0 {
		t.Errorf("a read allocates %v times", n)
	}
	set(t, b, "page", []byte("new"))
	if got := get(t, b, "page"); string(got) != "new" || first[0] != 'x' {
		t.Errorf("after Set: got %q; what was read before begins with %q", got, first[0])
	}
	for range 3 {
		get(t, b, "page")
	}
	if err := b.Delete(t.Context(), "page"); err != nil || has(t, b, "page") {
		t.Errorf("after Delete, which returned %v, the entry is still there", err)
	}
}

func TestLargeEntriesAreNotShared(t *testing.T) {
	b := opened(t, bigcachebackend.Options{})
	set(t, b, "large", make([]byte, 33<<10))
	get(t, b, "large")
	first, second := get(t, b, "large"), get(t, b, "large")
	if &first[0] == &second[0] {
		t.Error("an entry above the limit is kept twice")
	}
}

func TestEntryThatIsReadOutlastsTheRing(t *testing.T) {
	b := opened(t, bigcachebackend.Options{Size: 1 << 20})
	set(t, b, "read", []byte("here"))
	for i := range 5000 {
		set(t, b, fmt.Sprint("other", i), make([]byte, 500))
		if string(get(t, b, "read")) != "here" {
			t.Fatalf("an entry that is read all the time is lost after %d writes", i)
		}
	}
}

// A read that begins after a write has returned must see it, although readers
// keep moving entries beside the rings.
func TestReadersSeeWhatWasWrittenLast(t *testing.T) {
	b := opened(t, bigcachebackend.Options{Size: 1 << 20})
	const keys = 300 // more than there are slots, so that keys share one
	var written [keys]atomic.Uint64
	var wg sync.WaitGroup
	stop := time.Now().Add(300 * time.Millisecond)
	for w := range 2 {
		wg.Go(func() {
			for n := uint64(1); time.Now().Before(stop); n++ {
				for i := w; i < keys; i += 20 { // a few keys, often
					if n%5 == 0 {
						_ = b.Delete(t.Context(), fmt.Sprint(i))
					}
					if err := b.Set(t.Context(), fmt.Sprint(i), binary.AppendUvarint(nil, n), fragment.Forever); err != nil {
						t.Error(err)
					}
					written[i].Store(n)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for i := 0; time.Now().Before(stop); i = (i + 1) % keys {
				for range 3 {
					least := written[i].Load()
					value, ok, err := b.Get(t.Context(), fmt.Sprint(i))
					if n, _ := binary.Uvarint(value); err != nil || ok && n < least {
						t.Errorf("key %d: got version %d, %v after %d was written", i, n, err, least)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}
