//go:build linux

package filebackend_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

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
