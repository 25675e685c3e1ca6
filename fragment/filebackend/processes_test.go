//go:build linux

package filebackend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

// The tests start the test binary again as the processes that share a folder:
// with this in its environment it is one of children.
const childEnv = "FILEBACKEND_CHILD"

var children = map[string]func(folder string) error{
	"set":        childSet,
	"add":        childAdd,
	"lock":       childLock,
	"hold":       childHold,
	"fill":       childFill,
	"invalidate": childInvalidate,
	"full":       childFull,
	"disks":      childDisks,
	"denied":     childDenied,
}

func TestMain(m *testing.M) {
	run, is := children[os.Getenv(childEnv)]
	if !is {
		os.Exit(m.Run())
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A child is a process on a folder.
type child struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func start(t *testing.T, what, folder string, attr *syscall.SysProcAttr) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], folder)}
	c.Env = append(os.Environ(), childEnv+"="+what)
	c.Stdout, c.Stderr, c.SysProcAttr = &c.out, &c.err, attr
	must(t, c.Start())
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return c
}

// wantSuccess waits for the end of a child, and returns the lines it printed.
func (c *child) wantSuccess(t *testing.T) []string {
	t.Helper()
	if err := c.Wait(); err != nil {
		t.Errorf("a process beside this one: %v: %s", err, &c.err)
	}
	return strings.Fields(c.out.String())
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s: did not happen within 20s", what)
		}
	}
}

func sealed(key string, n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%s #%d;", key, n), 1+n%7*100)
}

func isSealed(key string, value []byte) bool {
	var n int
	if _, err := fmt.Sscanf(string(value), key+" #%d;", &n); err != nil {
		return false
	}
	return bytes.Equal(value, sealed(key, n))
}

// childSet writes until it is killed, small and large values in turn, to a few
// keys.
func childSet(folder string) error {
	b, err := filebackend.New(folder, filebackend.Options{Max: 1 << 20})
	for i := 0; err == nil; i++ {
		key := fmt.Sprint("key", i%5)
		if err = b.Set(ctx, key, sealed(key, i), ttl); err == nil && i%11 == 0 {
			err = b.Delete(ctx, key)
		}
		if err == nil && i%3 == 0 {
			err = b.Touch(ctx, ttl, key)
		}
	}
	return err
}

// What others read while processes write is whole, also when these are killed on
// their way; and no lock of theirs remains.
func TestWritersOfOtherProcessesAreSeenWhole(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{Max: 1 << 20})
	for range 3 {
		one, two := start(t, "set", folder, nil), start(t, "set", folder, nil)
		var hits, seen int
		last := make(map[string]string)
		for i := 0; hits < 3000 || seen < 300; i++ {
			key := fmt.Sprint("key", i%5)
			value, ok, err := b.Get(ctx, key)
			if err != nil || ok && !isSealed(key, value) {
				t.Fatalf("Get beside writers: got %.60q, error %v, want a whole value of %s", value, err, key)
			}
			if ok {
				hits++
				if last[key] != string(value) {
					last[key], seen = string(value), seen+1
				}
			}
		}
		for _, c := range []*child{one, two} {
			c.Process.Kill()
			c.Wait()
			if c.err.Len() > 0 {
				t.Errorf("a process that writes: %s", &c.err)
			}
		}
		for i := range 5 {
			key := fmt.Sprint("key", i)
			set(t, b, key, sealed(key, i))
			wantGet(t, b, key, sealed(key, i))
		}
	}
}

const contested = 300

// childAdd adds to contested keys, old entries of which are out of time, and
// prints which it has added.
func childAdd(folder string) error {
	b, err := filebackend.New(folder, filebackend.Options{Max: 4 << 20})
	if err != nil {
		return err
	}
	for i := range contested {
		key := fmt.Sprint("contested", i)
		added, err := b.Add(ctx, key, sealed(key, i), ttl)
		if err != nil {
			return err
		}
		if added {
			fmt.Println(key)
		}
	}
	return b.Close()
}

func childLock(folder string) error {
	b, err := filebackend.New(folder, filebackend.Options{Max: 4 << 20})
	if err != nil {
		return err
	}
	for i := range contested {
		key := fmt.Sprint("contested", i)
		ok, err := b.Lock(ctx, key, fmt.Sprint(os.Getpid()), ttl)
		if err != nil {
			return err
		}
		if ok {
			fmt.Println(key)
		}
	}
	return b.Close()
}

// Of several processes that add, or lock, what is not there, or no more, one does.
func TestOneProcessAddsOrLocks(t *testing.T) {
	for _, what := range []string{"add", "lock"} {
		folder := t.TempDir()
		b := opened(t, folder, filebackend.Options{Max: 4 << 20})
		for i := range contested {
			key := fmt.Sprint("contested", i)
			must(t, b.Set(ctx, key, sealed(key, i+1), 1)) // is over at once, in the other form or not
			_, err := b.Lock(ctx, key, "before", 1)
			must(t, err)
		}
		var all []*child
		for range 3 {
			all = append(all, start(t, what, folder, nil))
		}
		by := make(map[string]int)
		for _, c := range all {
			for _, key := range c.wantSuccess(t) {
				by[key]++
			}
		}
		for i := range contested {
			key := fmt.Sprint("contested", i)
			if by[key] != 1 {
				t.Errorf("%s of %s: succeeded in %d processes, want one", what, key, by[key])
			}
			if what == "add" {
				wantGet(t, b, key, sealed(key, i))
			}
		}
	}
}

// childHold has the lock of a shard until it is killed.
func childHold(folder string) error {
	file, err := os.Open(filepath.Dir(filebackend.PathOf(folder, "key")))
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "held"), nil, 0o600); err != nil {
		return err
	}
	time.Sleep(time.Minute) // longer than the test takes, which kills it
	return file.Close()
}

// A process that is stopped while it has a lock keeps nobody from reading, and
// from writing no longer than ctx lasts or the Backend is open.
func TestLockOfAStoppedProcess(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{})
	set(t, b, "key", page)
	holder := start(t, "hold", folder, nil)
	await(t, "the lock of another process", func() bool { _, err := os.Stat(filepath.Join(folder, "held")); return err == nil })
	must(t, holder.Process.Signal(syscall.SIGSTOP))

	wantGet(t, b, "key", page)
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := b.Set(brief, "key", page[:100], ttl)
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("Set beside a stopped process: got error %v after %v, want the end of its ctx after 50ms", err, took)
	}
	left := make(chan error)
	waiting := opened(t, folder, filebackend.Options{})
	go func() { left <- waiting.Set(ctx, "key", page[:200], ttl) }()
	select {
	case err := <-left:
		t.Errorf("Set beside a stopped process: got error %v at once, want that it waits", err)
	case <-time.After(20 * time.Millisecond):
	}
	waiting.Close()
	if err := <-left; err == nil {
		t.Error("Set when the Backend was closed: got no error, want one")
	}
	wantGet(t, b, "key", page)
	must(t, holder.Process.Kill())
	holder.Wait()
	set(t, b, "key", page[:300])
	wantGet(t, b, "key", page[:300])
}

// childFill fills as much as ten times the bound.
func childFill(folder string) error {
	b, err := filebackend.New(folder, filebackend.Options{Max: 2 << 20})
	for i := 0; err == nil && i < 1000; i++ {
		err = b.Set(ctx, fmt.Sprint(os.Getpid(), " ", i), bytes.Repeat([]byte{1}, 20_000), ttl)
	}
	return err
}

// The bound holds for all processes together: what is on the disk is never
// more than it and what each of them is writing.
func TestBoundHoldsForSeveralProcesses(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{Max: 2 << 20})
	one, two := start(t, "fill", folder, nil), start(t, "fill", folder, nil)
	done := make(chan struct{})
	go func() { one.Wait(); two.Wait(); close(done) }()
	most, writing := int64(0), int64(256<<10) // and what comes and goes while it is counted here
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		most = max(most, onDisk(folder))
	}
	if most > 2<<20+writing || most < 1<<20 {
		t.Errorf("two processes with a bound of %d bytes: took up to %d, want no more than that and %d", 2<<20, most, writing)
	}
	if one.err.Len()+two.err.Len() > 0 {
		t.Errorf("processes that fill: %s%s", &one.err, &two.err)
	}
	u := b.Usage()
	if disk := onDisk(folder); disk > u.Capacity || u.Bytes < disk || u.Bytes > u.Capacity {
		t.Errorf("got %+v with %d bytes on disk, want no less than these and no more than the capacity", u, disk)
	}
	if u.Entries < 60 {
		t.Errorf("got %d entries of 20 KB left in 2 MiB, want most of what fits", u.Entries)
	}
}

// onDisk is what all files take, whole blocks each. Some may go meanwhile.
func onDisk(folder string) (sum int64) {
	filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				sum += (info.Size() + 4095) / 4096 * 4096
			}
		}
		return nil
	})
	return sum
}

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
