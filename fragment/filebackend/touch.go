package filebackend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Touch implements fragment.Toucher. What is past its ttl stays so.
func (b *Backend) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	for _, key := range keys {
		p := placeOf(key)
		err := b.locked(ctx, &p, func(s *shard, d *directory) error {
			r, there, err := s.table.find(&p)
			if err != nil {
				return err
			}
			if there {
				r.deadline = deadlineOf(ttl)
				return s.table.put(&p, r)
			}
			return d.touch(&p, s.folder, deadlineOf(ttl))
		})
		if err != nil {
			return fmt.Errorf("filebackend: touch: %w", err)
		}
	}
	return nil
}

// touch writes a new deadline into the file of an entry. The caller holds the
// lock.
func (d *directory) touch(p *place, by *folder, deadline int64) error {
	_, ok, err := d.read(p, by)
	if !ok || err != nil {
		return err
	}
	file, err := d.root.OpenFile(p.file(), os.O_RDWR|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	var head [headerSize]byte
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return err
	}
	h, ok := parseHeader(head[:], info.Size())
	if !ok {
		return nil
	}
	_, err = file.WriteAt(deadlinePart(deadline, h.sum), deadlineAt)
	return err
}

// used again within this time, an entry is not marked as used once more.
const recently = time.Minute

// markUsed marks an entry as used, so that it is not the next to make room. That
// it cannot be marked does no harm.
func (d *directory) markUsed(p *place, used time.Time) {
	if now := time.Now(); now.Sub(used) > recently {
		d.root.Chtimes(p.file(), now, now)
	}
}
