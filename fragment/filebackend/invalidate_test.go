//go:build linux

package filebackend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

// A data base of a number, and the least that may be served of it.
type database struct{ file *os.File }

func openDatabase(folder string) (database, error) {
	file, err := os.OpenFile(filepath.Join(folder, "..", "database"), os.O_RDWR|os.O_CREATE, 0o600)
	return database{file}, err
}

func (d database) read(at int64) uint64 {
	var raw [8]byte
	d.file.ReadAt(raw[:], at)
	return binary.LittleEndian.Uint64(raw[:])
}

func (d database) write(at int64, n uint64) {
	d.file.WriteAt(binary.LittleEndian.AppendUint64(nil, n), at)
}

const (
	rowAt, floorAt = 0, 8
	changes        = 150
)

// childInvalidate serves a page made of the row of the database, until that is
// at its last version.
func childInvalidate(folder string) error {
	c, db, err := openSite(folder)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := 0; ; i++ {
		floor := db.read(floorAt)
		got, err := serve(c, db, i%3)
		if err != nil {
			return err
		}
		if got < floor {
			return fmt.Errorf("got version %d of a page after %d was announced", got, floor)
		}
		if floor == changes {
			fmt.Println(c.Stats().Hits)
			return nil
		}
	}
}

func openSite(folder string) (*fragment.Cache, database, error) {
	db, err := openDatabase(folder)
	if err != nil {
		return nil, db, err
	}
	b, err := filebackend.New(folder, filebackend.Options{Max: 4 << 20})
	if err != nil {
		return nil, db, err
	}
	c, err := fragment.New(b, fragment.Options{ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second})
	return c, db, err
}

// serve returns the version that one of several pages shows.
func serve(c *fragment.Cache, db database, page int) (version uint64, err error) {
	value, err := c.Do(ctx, fragment.KeyOf("page", page), fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, "row")
		return fmt.Appendf(nil, "%d %s", db.read(rowAt), bytes.Repeat([]byte("."), 5000)), nil
	})
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(value), &version)
	return version, err
}

// What was invalidated in one process is not served by any, from when
// InvalidateTags returned.
func TestProcessesServeNothingThatWasInvalidated(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	c, db, err := openSite(folder)
	must(t, err)
	defer c.Close()
	one, two := start(t, "invalidate", folder, nil), start(t, "invalidate", folder, nil)
	for n := uint64(1); n <= changes; n++ {
		db.write(rowAt, n)
		must(t, c.InvalidateTags(ctx, "row"))
		db.write(floorAt, n)
		for page := range 3 {
			if got, err := serve(c, db, page); err != nil || got < n {
				t.Fatalf("got version %d of a page, error %v, after %d was announced", got, err, n)
			}
		}
		time.Sleep(time.Millisecond) // for the others to fill and hit
	}
	for _, p := range []*child{one, two} {
		var hits int
		if out := p.wantSuccess(t); len(out) == 1 {
			fmt.Sscan(out[0], &hits)
		}
		if hits < changes {
			t.Errorf("another process: got %d hits, want that the pages are shared", hits)
		}
	}
	if n := c.Stats().Faults; n != 0 {
		t.Errorf("got %d faults, want none", n)
	}
}
