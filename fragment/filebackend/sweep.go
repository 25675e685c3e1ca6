package filebackend

import (
	"context"
	"strings"
	"time"
)

// staleTemp is the age at which a temporary file is that of a process that has
// died while it wrote.
const staleTemp = 10 * time.Minute

// keepSweeping removes what is out of time, shard after shard, until the Backend
// is closed. It also counts the shards anew: what others have removed, and what
// a process that died has left behind, is in no tally.
func (b *Backend) keepSweeping() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last *folder
	for i := 0; ; i++ {
		select {
		case <-b.closing:
			return
		case <-timer.C:
		}
		began := time.Now()
		f, known := b.sweepShard(i % shards)
		took := time.Since(began)
		if f != last {
			i, last = 0, f // it was opened anew, and perhaps with a new table
		}
		pause := max(b.sweep*2/3/shards, 20*took)
		if i < shards && !known {
			pause = took // how full the cache is was lost, and is wanted soon
		}
		timer.Reset(pause)
	}
}

// sweepShard sweeps one shard unless that has been done just now, by another
// process or by this one. It reports in which folder, and whether it had been
// counted before.
func (b *Backend) sweepShard(no int) (f *folder, known bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	f, done, err := b.use(ctx)
	if err != nil {
		return nil, true
	}
	defer done()
	s := &f.shards[no]
	y, err := s.table.tallyOf(no)
	age := time.Duration(time.Now().UnixNano() - y.counted)
	if err != nil || y.counted != 0 && age >= 0 && age < b.sweep/3 {
		return f, true
	}
	d, err := s.toRead()
	if err != nil || d == nil {
		return f, false
	}
	s.sweep(ctx, d)
	return f, y.counted != 0
}

// sweep removes what is out of time and counts the rest. What cannot be removed
// or counted now is left to the next time.
func (s *shard) sweep(ctx context.Context, d *directory) {
	names, err := d.names()
	if err != nil {
		return
	}
	for _, name := range names {
		select {
		case <-s.closing:
			return
		default:
		}
		if d.isOver(name) {
			s.removeIfOver(ctx, name)
		}
	}
	s.countAgain(ctx)
}

// isOver reports whether the file of that name is past its deadline, or no entry
// at all.
func (d *directory) isOver(name string) bool {
	o, err := d.openToRead(name)
	if err != nil {
		return false
	}
	defer o.close()
	var head [headerSize]byte
	if err := o.readAt(head[:min(o.size, headerSize)], 0); err != nil {
		return false
	}
	h, ok := parseHeader(head[:], o.size)
	return !ok || o.settle(&h) && time.Now().UnixNano() >= h.deadline
}

// removeIfOver removes a file that is still past its deadline under the lock:
// nobody has written or touched it meanwhile.
func (s *shard) removeIfOver(ctx context.Context, name string) {
	d, unlock, err := s.lock(ctx)
	if err != nil {
		return
	}
	defer unlock()
	if d.isOver(name) {
		s.removeFile(d, name)
	}
}

func (s *shard) countAgain(ctx context.Context) {
	d, unlock, err := s.lock(ctx)
	if err != nil {
		return
	}
	defer unlock()
	s.recount(d)
}

// recount sets the tally of the shard to what its folder holds, and removes
// temporary files that nobody is writing any more. The caller holds the lock.
func (s *shard) recount(d *directory) error {
	list, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer list.Close()
	names, err := list.Readdirnames(-1)
	if err != nil {
		return err
	}
	y := tally{counted: time.Now().UnixNano()}
	for _, name := range names {
		info, err := d.root.Lstat(name)
		switch {
		case err != nil:
		case strings.HasPrefix(name, tempPrefix) && time.Since(info.ModTime()) > staleTemp:
			d.root.Remove(name)
		case isFileName(name) && info.Mode().IsRegular():
			y.bytes, y.files = y.bytes+blocks(info.Size()), y.files+1
		}
	}
	return s.table.setTally(s.no, y)
}
