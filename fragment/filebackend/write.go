package filebackend

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A key has one entry, in a file or in a record. Who writes the one removes the
// other first: a process that dies in between leaves nothing, and never an entry
// that shows up again when the newer one is gone.

// largest is the length up to which a value is kept.
func (f *folder) largest() int64 { return f.budget / 8 }

// Set implements fragment.Backend. A value may have an eighth of Max, less what the
// table takes. An error leaves what was there before, or nothing.
func (b *Backend) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := b.write(ctx, key, value, ttl, always)
	if err != nil {
		return fmt.Errorf("filebackend: set: %w", err)
	}
	return nil
}

// Add implements fragment.Adder.
func (b *Backend) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	added, err = b.write(ctx, key, value, ttl, absent)
	if err != nil {
		return false, fmt.Errorf("filebackend: add: %w", err)
	}
	return added, nil
}

// Swap implements fragment.Swapper.
func (b *Backend) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	swapped, err = b.write(ctx, key, value, ttl, func(before []byte, there bool) bool { return there && bytes.Equal(before, old) })
	if err != nil {
		return false, fmt.Errorf("filebackend: swap: %w", err)
	}
	return swapped, nil
}

// A condition tells whether an entry is to be written where before is, or nothing.
type condition func(before []byte, there bool) bool

// always is nil, as its caller need not look.
var always condition

func absent(_ []byte, there bool) bool { return !there }

// write writes an entry if the condition holds.
func (b *Backend) write(ctx context.Context, key string, value []byte, ttl time.Duration, holds condition) (written bool, err error) {
	f, done, err := b.use(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if most := f.largest(); int64(len(value)) > most || len(key) > maxKeySize {
		return false, fmt.Errorf("%d bytes, where a value may have %d: %w", len(value), most, fragment.ErrTooLarge)
	}
	if holds != nil { // most often it does not, and then nothing need make room
		if before, there, err := f.get(key); err != nil || !holds(before, there) {
			return false, err
		}
	}
	p := placeOf(key)
	c := &change{shard: &f.shards[p.shard], place: p, holds: holds}
	if len(value) <= smallSize {
		return c.putSmall(ctx, value, ttl)
	}
	return c.putFile(ctx, value, ttl)
}

// A change is a write of one entry.
type change struct {
	*shard
	place place
	holds condition
}

func (c *change) putSmall(ctx context.Context, value []byte, ttl time.Duration) (written bool, err error) {
	d, unlock, err := c.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if holds, err := c.stillHolds(d); !holds || err != nil {
		return false, err
	}
	if err := c.removeFile(d, c.place.file()); err != nil {
		return false, err
	}
	return true, c.table.put(&c.place, newRecord(c.place, value, deadlineOf(ttl)))
}

// putFile writes a file and moves it to where it belongs. It begins anew where
// somebody removes the folder of the shard in between.
func (c *change) putFile(ctx context.Context, value []byte, ttl time.Duration) (written bool, err error) {
	head := appendHeader(nil, c.place.key, value, deadlineOf(ttl))
	size := blocks(int64(len(head) + len(value)))
	for range 3 {
		if err = c.makeRoom(ctx, size); err != nil {
			return false, err
		}
		written, err = c.tryFile(ctx, size, head, value)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if !written || err != nil {
		return false, err
	}
	// Several that made room at once may have counted on the same.
	return true, c.makeRoom(ctx, 0)
}

func (c *change) tryFile(ctx context.Context, size int64, parts ...[]byte) (written bool, err error) {
	d, err := c.directory()
	if err != nil {
		return false, err
	}
	name := tempName()
	if err := d.writeTemp(name, parts...); err != nil {
		if !isLinked(d.self, d.fd) {
			c.open.CompareAndSwap(d, nil)
		}
		return false, err
	}
	if written, err = c.moveIn(ctx, name, size); !written {
		d.root.Remove(name)
	}
	return written, err
}

// moveIn gives the file of that name, of so many bytes, the name of the entry.
func (c *change) moveIn(ctx context.Context, name string, bytes int64) (written bool, err error) {
	d, unlock, err := c.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if holds, err := c.stillHolds(d); !holds || err != nil {
		return false, err
	}
	if err := c.table.remove(&c.place); err != nil {
		return false, err
	}
	old, files, err := d.sizeOf(c.place.file())
	if err != nil {
		return false, err
	}
	if err := c.table.count(c.no, 1-files, bytes-old); err != nil {
		return false, err
	}
	if err := d.root.Rename(name, c.place.file()); err != nil {
		return false, errors.Join(err, c.table.count(c.no, files-1, old-bytes))
	}
	return true, nil
}

// stillHolds reports whether the condition holds of what is there now. The caller
// holds the lock.
func (c *change) stillHolds(d *directory) (bool, error) {
	if c.holds == nil {
		return true, nil
	}
	r, there, err := c.table.find(&c.place)
	if err != nil {
		return false, err
	}
	if there {
		return c.holds(r.bytes(), true), nil
	}
	f, there, err := d.read(&c.place, c.folder)
	return err == nil && c.holds(f.value, there), err
}

// sizeOf returns what the file of that name counts, 0 and 0 if there is none.
func (d *directory) sizeOf(name string) (bytes, files int64, err error) {
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	return blocks(info.Size()), 1, nil
}

// removeFile removes the file of that name, if there is one. The caller holds the
// lock.
func (s *shard) removeFile(d *directory, name string) error {
	bytes, files, err := d.sizeOf(name)
	if files == 0 || err != nil {
		return err
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.table.count(s.no, -files, -bytes)
}

const tempPrefix = "temp-"

// tempName is a name that nobody can guess and prepare.
func tempName() string { return tempPrefix + strings.ToLower(rand.Text()) }

// writeTemp writes a new file. Nothing is left of one that fails.
func (d *directory) writeTemp(name string, parts ...[]byte) error {
	file, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if _, err = file.Write(part); err != nil {
			break
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, d.root.Remove(name))
	}
	return nil
}

// Delete implements fragment.Backend.
func (b *Backend) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		p := placeOf(key)
		err := b.locked(ctx, &p, func(s *shard, d *directory) error {
			if err := s.table.remove(&p); err != nil {
				return err
			}
			return s.removeFile(d, p.file())
		})
		if err != nil {
			return fmt.Errorf("filebackend: delete: %w", err)
		}
	}
	return nil
}
