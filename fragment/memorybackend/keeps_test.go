package memorybackend_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memorybackend"
)

func TestEntryIsGoneWhenItsLifeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, memorybackend.Options{Size: 1 << 20})
		lives := []time.Duration{
			time.Nanosecond, time.Millisecond, 999 * time.Millisecond, time.Second, 1500 * time.Millisecond,
			time.Minute, 2 * time.Hour,
		}
		for _, life := range lives {
			if err := b.Set(ctx, life.String(), []byte("value"), life); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		for i, now := range lives {
			time.Sleep(time.Until(began.Add(now - 1)))
			wantKept(t, b, lives, i)
			time.Sleep(time.Nanosecond)
			wantKept(t, b, lives, i+1)
		}
	})
}

// wantKept requires that all lives are there from the given one on, and no other.
func wantKept(t *testing.T, b *memorybackend.Backend, lives []time.Duration, from int) {
	t.Helper()
	for i, life := range lives {
		if got := has(t, b, life.String()); got != (i >= from) {
			t.Errorf("got %v for an entry that lives %v, when %d of %d lives are over", got, life, from, len(lives))
		}
	}
}

// The sum of a date and a life beyond the 292 years that int64 nanoseconds hold
// must not be a date in the past.
func TestVeryLongLivesDoNotOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, memorybackend.Options{Size: 1 << 20})
		day := 24 * time.Hour
		lives := []time.Duration{40 * day, 366 * day, 80 * 365 * day, 280 * 365 * day, fragment.Forever - 1, fragment.Forever}
		for _, life := range lives {
			set(t, b, "again"+life.String(), nil)
			for _, key := range []string{life.String(), "again" + life.String()} {
				if err := b.Set(ctx, key, nil, life); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(7 * day) // otter's clock has a hand that goes round in less
		for _, life := range lives {
			if !has(t, b, life.String()) || !has(t, b, "again"+life.String()) {
				t.Errorf("an entry that lives %v is gone after seven days", life)
			}
		}
	})
}

// A new life counts from the last Set, be it shorter or longer than the one
// before it.
func TestLifeIsThatOfTheLastSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, memorybackend.Options{Size: 1 << 20})
		for _, lives := range [][2]time.Duration{{time.Hour, time.Second}, {time.Second, time.Hour}, {time.Second, time.Second}, {fragment.Forever, time.Second}} {
			for _, life := range lives {
				if err := b.Set(ctx, "key", []byte(life.String()), life); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second - 1)
			}
			if !has(t, b, "key") {
				t.Errorf("%v: gone before the second life is over", lives)
			}
			time.Sleep(lives[1] - time.Second + 1)
			if has(t, b, "key") {
				t.Errorf("%v: still there when the second life is over", lives)
			}
		}
	})
}

// What has expired makes room without being asked for.
func TestExpiredEntriesAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, memorybackend.Options{})
		for i := range 1000 {
			if err := b.Set(ctx, fmt.Sprint("key", i), make([]byte, 1000), time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute + 3*time.Second)
		if u := b.Usage(); u.Entries != 0 || u.Bytes != 0 {
			t.Errorf("got %+v some seconds after all has expired, want nothing held", u)
		}
	})
}

// A crawler that reads everything, once, leaves there what others ask for.
func TestWhatIsReadOftenStays(t *testing.T) {
	b := opened(t, memorybackend.Options{Size: 4 << 20})
	value := make([]byte, 1000)
	const many = 100
	var asked, found int
	ask := func(key string) (ok bool) {
		if ok = has(t, b, key); !ok {
			set(t, b, key, value)
		}
		return ok
	}
	for i := range 30_000 {
		ask(fmt.Sprint("once", i))
		if i%10 != 0 {
			continue
		}
		ok := ask(fmt.Sprint("popular", i/10%many))
		if i > 15_000 { // many times the size was read
			asked++
			if ok {
				found++
			}
		}
	}
	if found < asked*95/100 {
		t.Errorf("got %d of %d popular entries amid a scan, want at least 95%%", found, asked)
	}
}

// From many goroutines, each key has the last value that its own writer set, or
// none; also while the backend is closed. It is for the race detector.
func TestConcurrentUse(t *testing.T) {
	b := opened(t, memorybackend.Options{Size: 1 << 20})
	content := func(key string, n, size int) []byte {
		return append([]byte(fmt.Sprint(key, " #", n, ";")), bytes.Repeat([]byte{byte(n)}, size)...)
	}
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(worker), 1))
			for i := range 1500 {
				own, others := fmt.Sprint("own", worker), fmt.Sprint("shared", dice.IntN(50))
				want := content(own, i, dice.IntN(3000))
				b.Set(ctx, own, want, time.Duration(1+dice.IntN(2))*time.Hour)
				b.Set(ctx, others, content(others, i, dice.IntN(50_000)), time.Duration(dice.IntN(1000)+1)*time.Microsecond)
				if got, ok, _ := b.Get(ctx, own); ok && !bytes.Equal(got, want) {
					t.Errorf("Get(%q): got %.60q, want %.60q or a miss", own, got, want)
				}
				if got, ok, _ := b.Get(ctx, others); ok && !bytes.HasPrefix(got, []byte(others+" #")) {
					t.Errorf("Get(%q): got %.60q, want a value of that key or a miss", others, got)
				}
				b.Delete(ctx, own)
				if got, ok, _ := b.Get(ctx, own); ok {
					t.Errorf("Get(%q) after Delete: got %.60q, want a miss", own, got)
				}
				if u := b.Usage(); u.Bytes > u.Capacity {
					t.Errorf("Usage: got %+v, want no more bytes than the capacity", u)
				}
				if worker == 0 && i == 1400 {
					b.Close()
				}
			}
		})
	}
	all.Wait()
}

// The bound is one at any moment: otter takes note of writes when it comes to it,
// and who writes faster than that waits.
func TestWritersWaitUntilTheirWritesAreNoted(t *testing.T) {
	const size, large, writers = 64 << 20, 2 << 20, 4
	b := opened(t, memorybackend.Options{Size: size})
	set(t, b, "first", nil)
	var written, deleted atomic.Int64
	var all sync.WaitGroup
	memorybackend.Stalled(b, func() {
		for writer := range writers {
			all.Go(func() {
				for i := range 20 {
					key := fmt.Sprint("by", writer, "#", i)
					b.Set(ctx, key, make([]byte, large), ttl)
					written.Add(1)
					b.Delete(ctx, key)
					deleted.Add(1)
				}
			})
		}
		time.Sleep(100 * time.Millisecond) // which is enough to write all of it
		if n := written.Load() + deleted.Load(); n > writers {
			t.Errorf("got %d values of %d MiB written or deleted that nobody has taken note of, want that the %d writers wait", n, large>>20, writers)
		}
	})
	all.Wait()
	if n := written.Load() + deleted.Load(); n != 2*20*writers {
		t.Errorf("got %d writes and deletes in the end, want all of them", n)
	}
}

func TestGoroutinesEndWithClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		b := opened(t, memorybackend.Options{Size: 1 << 20})
		for i := range 3000 {
			set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
			has(t, b, fmt.Sprint("key", i/2))
		}
		b.Close()
		began := time.Now()
		for runtime.NumGoroutine() > before { // one that has told that it ends may not have
			if runtime.Gosched(); time.Since(began) > 5*time.Second {
				t.Fatalf("got %d goroutines after Close, want no more than the %d before New", runtime.NumGoroutine(), before)
			}
		}
	}
}
