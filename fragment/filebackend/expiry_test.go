//go:build linux

package filebackend_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// both are values that are kept in the table and in a file.
var both = map[string][]byte{"small": []byte("value"), "large": page}

// An entry is not returned past its ttl, to the nanosecond, until when Touch has
// prolonged it.
func TestLifeOfAnEntry(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, folder, filebackend.Options{})
		for key, value := range both {
			must(t, b.Set(ctx, key, value, 30*time.Second))
			time.Sleep(30*time.Second - 1)
			wantGet(t, b, key, value)
			must(t, b.Touch(ctx, time.Minute, key, "absent"))
			time.Sleep(time.Minute - 1)
			wantGet(t, b, key, value)
			time.Sleep(1 * time.Nanosecond)
			wantGet(t, b, key, nil)
			must(t, b.Touch(ctx, time.Minute, key))
			wantGet(t, b, key, nil)
			if added, err := b.Add(ctx, key, value, time.Second); !added || err != nil {
				t.Errorf("Add where an entry is over: got %v, error %v, want true", added, err)
			}
			if added, err := b.Add(ctx, key, value, time.Second); added || err != nil {
				t.Errorf("Add where an entry is: got %v, error %v, want false", added, err)
			}
		}
		wantGet(t, b, "absent", nil)
		b.Close()
	})
}

// A key whose value is small at times and large at times has one entry.
func TestOneEntryOfWhicheverSize(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, folder, filebackend.Options{})
		for _, first := range both {
			for _, second := range both {
				must(t, b.Set(ctx, "key", first, time.Hour))
				must(t, b.Set(ctx, "key", second, time.Minute))
				wantGet(t, b, "key", second)
				if added, err := b.Add(ctx, "key", first, ttl); added || err != nil {
					t.Errorf("Add beside an entry: got %v, error %v, want false", added, err)
				}
				time.Sleep(time.Minute)
				wantGet(t, b, "key", nil) // and not the first
				must(t, b.Set(ctx, "key", first, time.Hour))
				must(t, b.Delete(ctx, "key"))
				wantGet(t, b, "key", nil)
			}
		}
		b.Close()
	})
}

// Files that are out of time are removed without being asked for, those of
// processes that have died too, and no others.
func TestSweepRemovesWhatIsOver(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, folder, filebackend.Options{Sweep: 10 * time.Second})
		for i := range 100 {
			must(t, b.Set(ctx, fmt.Sprint("over", i), page, time.Second))
			must(t, b.Set(ctx, fmt.Sprint("stays", i), page, time.Hour))
		}
		shard := filepath.Dir(filebackend.PathOf(folder, "over0"))
		dead, young := filepath.Join(shard, "temp-dead"), filepath.Join(shard, "temp-young")
		write(t, dead, page)
		write(t, young, page)
		must(t, os.Chtimes(dead, time.Now(), time.Now().Add(-time.Hour)))
		must(t, os.Chtimes(young, time.Now(), time.Now()))
		time.Sleep(12 * time.Second)
		for i := range 100 {
			if _, err := os.Stat(filebackend.PathOf(folder, fmt.Sprint("over", i))); !os.IsNotExist(err) {
				t.Fatalf("a file that is out of time: got error %v after a sweep, want that it is gone", err)
			}
			wantGet(t, b, fmt.Sprint("stays", i), page)
		}
		if _, err := os.Stat(dead); !os.IsNotExist(err) {
			t.Errorf("an old temporary file: got error %v after a sweep, want that it is gone", err)
		}
		if _, err := os.Stat(young); err != nil {
			t.Errorf("a young temporary file: got error %v after a sweep, want that it is there", err)
		}
		if u := b.Usage(); u.Entries != 100 {
			t.Errorf("got %+v after a sweep, want 100 entries", u)
		}
		b.Close()
	})
}

// What somebody else has removed, or left behind, is found by counting anew.
func TestSweepCountsAnew(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t, folder, filebackend.Options{Sweep: 10 * time.Second})
		for i := range 100 {
			set(t, b, fmt.Sprint(i), page)
		}
		whole := b.Usage()
		for i := range 50 {
			must(t, os.Remove(filebackend.PathOf(folder, fmt.Sprint(i))))
		}
		time.Sleep(12 * time.Second)
		if u := b.Usage(); u.Entries != 50 || u.Bytes >= whole.Bytes {
			t.Errorf("got %+v when half of %+v was removed by hand, want half", u, whole)
		}
		b.Close()
		must(t, os.Remove(filepath.Join(folder, "table"))) // with all tallies
		b = opened(t, folder, filebackend.Options{Sweep: time.Hour})
		time.Sleep(time.Minute) // the first time all are counted soon
		if u := b.Usage(); u.Entries != 50 {
			t.Errorf("got %+v after the tallies were lost, want 50 entries", u)
		}
		wantGet(t, b, "99", page)
		must(t, os.Remove(filepath.Join(folder, "table"))) // while it is in use
		time.Sleep(2 * time.Minute)
		if u := b.Usage(); u.Entries != 50 {
			t.Errorf("got %+v after the tallies were lost in use, want 50 entries", u)
		}
		b.Close()
	})
}

// What is used stays when room is made.
func TestUsedEntriesStay(t *testing.T) {
	folder := inMemory(t)
	b := opened(t, folder, filebackend.Options{Max: 2 << 20})
	fits := 0
	for i := range 400 { // 8 KiB each
		set(t, b, fmt.Sprint("old", i), page)
		if b.Usage().Entries == int64(i+1) {
			fits = i + 1
		}
	}
	if fits < 200 {
		t.Fatalf("got room for %d entries of 8 KiB in 2 MiB, want at least 200", fits)
	}
	hour := time.Now().Add(-time.Hour)
	var used, unused []string
	for i := range 400 {
		key := fmt.Sprint("old", i)
		switch err := os.Chtimes(filebackend.PathOf(folder, key), hour, hour); {
		case err != nil: // it has made room already
		case len(used) < 100:
			wantGet(t, b, key, page) // which marks it
			used = append(used, key)
		default:
			unused = append(unused, key)
		}
	}
	for i := range fits / 2 {
		set(t, b, fmt.Sprint("new", i), page)
	}
	share := func(keys []string) float64 { // of those that are left
		left := 0
		for _, key := range keys {
			if _, ok, _ := b.Get(ctx, key); ok {
				left++
			}
		}
		return float64(left) / float64(len(keys))
	}
	if of, others := share(used), share(unused); of < others+0.2 {
		t.Errorf("after half made room %.2f of the entries that were used are left, and %.2f of the others: want clearly more", of, others)
	}
}

// The bound holds, whatever the sizes.
func TestBoundHolds(t *testing.T) {
	folder := inMemory(t)
	b := opened(t, folder, filebackend.Options{Max: 1 << 20})
	for i := range 1500 {
		set(t, b, fmt.Sprint("key", i%700), bytes.Repeat([]byte{1}, i*i%40_000))
		if u := b.Usage(); i%50 == 0 && (u.Bytes > u.Capacity || u.Bytes < onDisk(folder) || onDisk(folder) > 1<<20) {
			t.Fatalf("after %d writes: got %+v with %d bytes on disk, want no more than the capacity", i, u, onDisk(folder))
		}
	}
}

// To open a folder does not list it.
func TestLargeFolderOpensAtOnce(t *testing.T) {
	folder, empty := inMemory(t), inMemory(t)
	opened(t, folder, filebackend.Options{}).Close()
	entry := filepath.Join(folder, "entry")
	write(t, entry, filebackend.EntryFile("key", nil, time.Now().Add(time.Hour).UnixNano()))
	const files = 100_000
	for i := range files {
		path := filebackend.PathOf(folder, fmt.Sprint(i))
		os.Mkdir(filepath.Dir(path), 0o700)
		if i%50_000 == 0 {
			write(t, fmt.Sprint(entry, i), read(t, entry)) // a file may not have as many names
		}
		must(t, os.Link(fmt.Sprint(entry, i/50_000*50_000), path))
	}
	best := func(folder string) time.Duration {
		least := time.Hour
		for range 20 {
			began := time.Now()
			b := opened(t, folder, filebackend.Options{Max: 1 << 30})
			least = min(least, time.Since(began))
			b.Close()
		}
		return least
	}
	large, small := best(folder), best(empty)
	t.Logf("opened a folder of %d files in %v, an empty one in %v", files, large, small)
	if large > 3*small+time.Millisecond {
		t.Errorf("a folder of %d files: opened in %v, an empty one in %v, want about the same", files, large, small)
	}
}
