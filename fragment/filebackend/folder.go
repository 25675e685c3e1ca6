package filebackend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A folder is the opened cache folder. It stays with the folder that it opened,
// whatever becomes of the path.
type folder struct {
	root    *os.Root
	self    *os.File // the folder, to lock it
	info    os.FileInfo
	table   *table
	shards  [shards]shard
	kinds   kinds
	hot     hot
	closing <-chan struct{} // closed when waiting is to end
	budget  int64           // in bytes, of all files
}

// openFolder opens the folder at path, which it creates if need be, for a cache
// of size bytes. It ends with ctx while another process has the lock, and who
// waits for a lock later when closing is closed.
func openFolder(ctx context.Context, path string, size int64, closing <-chan struct{}) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unusable(path, err)
	}
	f := &folder{closing: closing}
	if err := f.open(ctx, path, size); err != nil {
		f.close()
		return nil, err
	}
	f.budget = size - f.table.size()
	return f, nil
}

func (f *folder) open(ctx context.Context, path string, size int64) (err error) {
	if f.root, err = os.OpenRoot(path); err != nil {
		return unusable(path, err)
	}
	if f.self, err = f.root.Open("."); err != nil {
		return unusable(path, err)
	}
	if f.info, err = f.self.Stat(); err != nil {
		return unusable(path, err)
	}
	if f.info.Mode().Perm()&0o002 != 0 && othersMayWrite {
		return fmt.Errorf("every user of the machine may write to the folder %q (%v), and so put pages into the cache: "+
			"want a folder of its own with mode 0700", path, f.info.Mode())
	}
	for no := range f.shards {
		s := &f.shards[no]
		s.folder, s.no, s.turn = f, no, make(chan struct{}, 1)
	}
	if err := f.openTable(ctx, size); err != nil {
		return unusable(path, err)
	}
	return nil
}

// unusable tells why a folder cannot be used and what is wanted.
func unusable(path string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = fmt.Errorf("%s: %w", inner.Op, inner.Err)
	}
	return fmt.Errorf("the folder %q cannot be used: %w: want a folder that this process may write to, or may create", path, err)
}

// openTable opens the table. The first who comes creates it; one that is damaged,
// or too large for a cache of size bytes, is replaced, which those see who have
// opened it before (see gone).
func (f *folder) openTable(ctx context.Context, size int64) error {
	unlock, err := lockFile(ctx, f.closing, f.self)
	if err != nil {
		return err
	}
	defer unlock()
	if f.table = f.tableThere(size); f.table != nil {
		return f.tryWrite()
	}
	name := tempName()
	file, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|noAtime, 0o600)
	if err != nil {
		return err
	}
	if err = initTable(file, bucketsFor(size)); err == nil {
		err = f.root.Rename(name, tableName)
	}
	if err != nil {
		f.root.Remove(name)
		return errors.Join(err, file.Close())
	}
	f.table = newTable(file, bucketsFor(size))
	return nil
}

// tableThere returns the table that is there, nil if there is none to be used.
func (f *folder) tableThere(size int64) *table {
	info, err := f.root.Lstat(tableName)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := f.root.OpenFile(tableName, os.O_RDWR|openFlags|noAtime, 0)
	if errors.Is(err, fs.ErrPermission) {
		file, err = f.root.OpenFile(tableName, os.O_RDWR|openFlags, 0)
	}
	if err != nil {
		return nil
	}
	t, ok := readTable(file)
	if now, err := file.Stat(); err != nil || !os.SameFile(info, now) || !ok || t.size() > size/2 {
		file.Close()
		return nil
	}
	return t
}

// initTable gives a new table its size. The pages before the buckets are written,
// so that no full disk keeps the tallies from it.
func initTable(file *os.File, buckets int) error {
	first := make([]byte, bucketsAt)
	copy(first, tableHead(buckets))
	if _, err := file.WriteAt(first, 0); err != nil {
		return err
	}
	return file.Truncate(tableSize(buckets))
}

// tryWrite tells now, and not at the first entry, that the folder may not be
// written to.
func (f *folder) tryWrite() error {
	name := tempName()
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), f.root.Remove(name))
}

// gone reports whether somebody has removed or replaced the table since it was
// opened: then others go by another one.
func (f *folder) gone() bool { return !isLinked(f.table.file, f.table.fd) }

func (f *folder) close() {
	for no := range f.shards {
		if d := f.shards[no].open.Load(); d != nil {
			d.close()
		}
	}
	if f.table != nil {
		f.table.file.Close()
	}
	if f.self != nil {
		f.self.Close()
	}
	if f.root != nil {
		f.root.Close()
	}
}
