package filebackend

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Options are what a Backend is made of. The zero value is useful.
type Options struct {
	// Max bounds the bytes on disk: at least 1 MiB. Files count as whole blocks
	// of 4 KiB each. Zero is DefaultMax. Where processes that share a folder
	// differ in it, each of them keeps all to its own.
	Max int64

	// Sweep is how long it may take until a file that is past its ttl is removed,
	// in a cache of up to some 100,000 files; in a larger one it takes longer, so
	// that sweeping stays below a twentieth of one CPU. Zero is DefaultSweep.
	Sweep time.Duration
}

const (
	// DefaultMax is the Max of the zero Options.
	DefaultMax = 1 << 30
	// DefaultSweep is the Sweep of the zero Options.
	DefaultSweep = time.Minute

	minMax   = 1 << 20
	minSweep = 100 * time.Millisecond
	lockWait = 10 * time.Second // for another process that opens the same folder
)

// problem tells which option is wrong and why; the reason continues a sentence
// that begins with the name of the option.
func (o Options) problem() (option, why string) {
	switch {
	case o.Max < 0 || o.Max > 0 && o.Max < minMax:
		return "Max", "is " + strconv.FormatInt(o.Max, 10) + " bytes: want at least 1MiB"
	case o.Sweep < 0 || o.Sweep > 0 && o.Sweep < minSweep:
		return "Sweep", "is " + o.Sweep.String() + ": want at least " + minSweep.String()
	}
	return "", ""
}

// A Backend keeps entries in files. It is made by New or, behind a
// fragment.Cache, by a URL. Its methods are safe for concurrent use, also beside
// other processes whose Backends are in the same folder.
type Backend struct {
	path    string
	max     int64
	sweep   time.Duration
	closing chan struct{} // closed by Close
	stop    sync.Once     // for that
	sweeper sync.WaitGroup

	mu     sync.RWMutex // held by each call while it uses the folder
	folder *folder      // nil once closed
}

var errClosed = errors.New("filebackend: the backend is closed")

// New opens the folder at path, which it creates if need be with mode 0700, as
// it does with the folders around it. What is in the folder stays; nothing is
// listed to begin with. Close stops the goroutine that removes what is out of
// time.
func New(path string, o Options) (*Backend, error) {
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("filebackend: Options.%s %s", option, why)
	}
	if path == "" {
		return nil, errors.New("filebackend: the path of the folder is empty: want one such as /var/cache/site")
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("filebackend: new: %w", err)
	}
	b := &Backend{path: whole, max: o.Max, sweep: o.Sweep, closing: make(chan struct{})}
	if b.max == 0 {
		b.max = DefaultMax
	}
	if b.sweep == 0 {
		b.sweep = DefaultSweep
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if b.folder, err = openFolder(ctx, b.path, b.max, b.closing); err != nil {
		return nil, fmt.Errorf("filebackend: new: %w", err)
	}
	b.sweeper.Go(b.keepSweeping)
	return b, nil
}

// use begins a call and returns the folder; done ends the call. Where somebody
// has removed the folder meanwhile, it is made anew: who comes later would share
// nothing with those who still have the old one.
func (b *Backend) use(ctx context.Context) (f *folder, done func(), err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	for range 2 {
		b.mu.RLock()
		if f = b.folder; f == nil {
			b.mu.RUnlock()
			return nil, nil, errClosed
		}
		if !f.gone() {
			return f, b.mu.RUnlock, nil
		}
		b.mu.RUnlock()
		if err := b.reopen(ctx, f); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, errors.New("filebackend: the folder is removed again and again")
}

// reopen opens the folder anew if it is still the one that is gone.
func (b *Backend) reopen(ctx context.Context, old *folder) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.folder != old {
		return nil
	}
	f, err := openFolder(ctx, b.path, b.max, b.closing)
	if err != nil {
		return fmt.Errorf("filebackend: open the folder again, which was removed: %w", err)
	}
	old.close()
	b.folder = f
	return nil
}

// Get implements fragment.Backend. The value may be shared with other callers.
func (b *Backend) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	f, done, err := b.use(ctx)
	if err != nil {
		return nil, false, err
	}
	defer done()
	value, ok, err = f.get(key)
	if err != nil {
		return nil, false, fmt.Errorf("filebackend: get: %w", err)
	}
	return value, ok, nil
}

// GetMany implements fragment.ManyGetter.
func (b *Backend) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found, values := make(map[string][]byte, len(keys)), make([][]byte, len(keys))
	err := b.GetInto(ctx, keys, values)
	for i, value := range values {
		if value != nil {
			found[keys[i]] = value
		}
	}
	return found, err
}

// GetInto implements fragment.IntoGetter. What is there and empty is not nil.
func (b *Backend) GetInto(ctx context.Context, keys []string, values [][]byte) error {
	f, done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	for i, key := range keys {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		value, ok, err := f.get(key)
		if err != nil {
			return fmt.Errorf("filebackend: get: %w", err)
		}
		if ok {
			values[i] = value
		}
	}
	return nil
}

// Checked implements fragment.Checked: see bodySum, which each read compares.
func (b *Backend) Checked() {}

// Close implements fragment.Backend. It waits for the calls that are under way,
// those that wait for a lock given up, and for the sweeper. The files stay.
func (b *Backend) Close() error {
	b.stop.Do(func() { close(b.closing) })
	b.mu.Lock()
	if b.folder != nil {
		b.folder.close()
		b.folder = nil
	}
	b.mu.Unlock()
	b.sweeper.Wait()
	return nil
}

// Usage implements fragment.Sizer. Entries are those that are kept in files, and
// Bytes those of all files and of the table, by whichever process they were
// written.
func (b *Backend) Usage() fragment.Usage {
	u := fragment.Usage{Capacity: b.max}
	f, done, err := b.use(context.Background())
	if err != nil {
		return u
	}
	defer done()
	all, err := f.table.tallies()
	if err != nil {
		return u
	}
	u.Bytes = f.table.size()
	for _, y := range all {
		u.Entries += y.files
		u.Bytes += y.bytes
	}
	return u
}
