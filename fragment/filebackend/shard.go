package filebackend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
)

// A shard is one of the folders of entries, with its part of the table. All that
// changes a shard is done under its lock, which holds between the goroutines of
// this process and between processes. Those who only read need none.
type shard struct {
	*folder
	no   int
	turn chan struct{} // full while a goroutine of this process has the lock
	open atomic.Pointer[directory]
	mu   sync.Mutex // held to change open
}

// A directory is the opened folder of a shard.
type directory struct {
	root *os.Root
	self *os.File // what is locked, and what fast reads start from
	fd   int      // that of self
}

func (d *directory) close() {
	d.self.Close()
	d.root.Close()
}

// lock takes the lock of the shard and returns its directory, which it creates
// if need be. It gives up when ctx ends or the Backend is closed.
func (s *shard) lock(ctx context.Context) (d *directory, unlock func(), err error) {
	if err := s.takeTurn(ctx); err != nil {
		return nil, nil, err
	}
	for range 3 {
		if d, err = s.directory(); err != nil {
			break
		}
		var unlockFile func()
		if unlockFile, err = lockFile(ctx, s.closing, d.self); err != nil {
			break
		}
		if isLinked(d.self, d.fd) {
			return d, func() { unlockFile(); <-s.turn }, nil
		}
		// Somebody has removed it, and others lock a new one. It is closed when
		// the last reader that has it has let go of it, by the garbage collector.
		unlockFile()
		s.open.CompareAndSwap(d, nil)
		err = errors.New("the folder of the entry is removed again and again")
	}
	<-s.turn
	return nil, nil, err
}

func (s *shard) takeTurn(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closing:
		return errClosed
	}
}

// directory returns the folder of the shard, which it creates if need be.
func (s *shard) directory() (*directory, error) {
	d, err := s.toRead()
	if d != nil || err != nil {
		return d, err
	}
	if err := s.root.Mkdir(shardName(s.no), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if d, err = s.toRead(); d == nil && err == nil {
		err = fs.ErrNotExist
	}
	return d, err
}

// toRead returns the folder of the shard, nil if there is none.
func (s *shard) toRead() (*directory, error) {
	if d := s.open.Load(); d != nil {
		return d, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.open.Load(); d != nil {
		return d, nil
	}
	d, err := s.openDirectory()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return d, err
}

// openDirectory opens the folder of the shard if it is one that nobody else has
// put there. The caller holds mu.
func (s *shard) openDirectory() (d *directory, err error) {
	name := shardName(s.no)
	before, err := s.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() || !isOurs(before, s.info) {
		return nil, fmt.Errorf("%q in the cache folder is not a folder of this cache (%v): remove it", name, before.Mode())
	}
	d = new(directory)
	if d.root, err = s.root.OpenRoot(name); err != nil {
		return nil, err
	}
	if d.self, err = d.root.Open("."); err != nil {
		return nil, errors.Join(err, d.root.Close())
	}
	if now, err := d.self.Stat(); err != nil || !os.SameFile(before, now) {
		d.close()
		return nil, fmt.Errorf("%q in the cache folder was replaced meanwhile", name)
	}
	d.fd = int(d.self.Fd())
	s.open.Store(d)
	return d, nil
}

// locked runs f under the lock of the shard of a place.
func (b *Backend) locked(ctx context.Context, p *place, f func(s *shard, d *directory) error) error {
	folder, done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	s := &folder.shards[p.shard]
	d, unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return f(s, d)
}
