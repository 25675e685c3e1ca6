package fragment_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A process that could not read the server when it asked, just once, does not
// know what others have invalidated. What it waits for may be older than that:
//
//	a fill of a part begins and reads;
//	another process invalidates what it read;
//	a fill of a page looks, and sees the new stamps; it asks for the part, by a
//	call that fails, and waits for the fill that is under way;
//	the page is stored under the new stamps, and shows what is old.
func TestWhoCannotReadGetsNothingOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, faults, ctx := fragmenttest.NewServer(), new(fragmenttest.Faults), t.Context()
		here := open(t, faults.Wrap(server.Connect()), fragment.Options{})
		there := open(t, server.Connect(), fragment.Options{})
		part, page := fragment.KeyOf("part"), fragment.KeyOf("page")
		var version atomic.Int64
		load := func(ctx context.Context) ([]byte, error) {
			return here.Do(ctx, part, withTags("t"), func(context.Context) ([]byte, error) {
				v := version.Load()
				time.Sleep(time.Second)
				return fmt.Append(nil, v), nil
			})
		}
		var wg sync.WaitGroup
		wg.Go(func() { load(ctx) })
		synctest.Wait()
		version.Store(1)
		must(t, there.InvalidateTags(ctx, "t"))
		wantDo(t, here, page, withTags("t"), func(ctx context.Context) ([]byte, error) {
			faults.Inject(fragmenttest.Fault{On: fragmenttest.Reads, Times: 1})
			return load(ctx)
		}, "1")
		wg.Wait()
		if faults.Count() != 1 {
			t.Errorf("%v, want one", faults)
		}
		for _, c := range []*fragment.Cache{here, there} {
			if got, ok, _ := c.Get(ctx, page); ok && string(got) != "1" {
				t.Errorf("the page shows version %s after 1 was announced", got)
			}
		}
	})
}

// Nor is an error that was remembered given to one who cannot tell how old it is.
func TestWhoCannotReadGetsNoOldError(t *testing.T) {
	server, faults, ctx := fragmenttest.NewServer(), new(fragmenttest.Faults), t.Context()
	c, k := open(t, faults.Wrap(server.Connect()), fragment.Options{}), fragment.KeyOf("k")
	there := open(t, server.Connect(), fragment.Options{})
	p := fragment.Policy{Tags: []string{"t"}, ErrorTTL: time.Hour}
	_, err := c.Do(ctx, k, p, fails)
	wantErr(t, "Do", err, errFill)
	must(t, there.InvalidateTags(ctx, "t"))
	faults.Inject(fragmenttest.Fault{On: fragmenttest.Reads, Times: 1})
	wantDo(t, c, k, p, give("new"), "new")
}

// Those who do not take what they waited for, because they came after an
// invalidation in another process, fill once for all of them and not in line.
func TestWaitersOfAnOldFillFillOnce(t *testing.T) {
	for name, able := range map[string]func(fragment.Backend) fragment.Backend{
		"with leases":    func(b fragment.Backend) fragment.Backend { return b },
		"without leases": func(b fragment.Backend) fragment.Backend { return plain{b} },
	} {
		synctest.Test(t, func(t *testing.T) {
			server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
			here, there := open(t, able(server.Connect()), fragment.Options{}), open(t, server.Connect(), fragment.Options{})
			var runs atomic.Int64
			var wg sync.WaitGroup
			start := time.Now()
			for range 8 {
				wg.Go(func() { wantDo(t, here, k, withTags("t"), counted(&runs, takes(time.Second, "v")), "v") })
				time.Sleep(100 * time.Millisecond)
				must(t, there.InvalidateTags(t.Context(), "t"))
			}
			wg.Wait()
			if d := time.Since(start); runs.Load() != 2 || d > 2100*time.Millisecond {
				t.Errorf("%s: %d fills, after %v, want 2 of a second", name, runs.Load(), d)
			}
			wantGet(t, there, k, "v")
		})
	}
}

// junk is no stamp.
var junk = [][]byte{{}, []byte("1234567"), []byte("123456789"), make([]byte, 8), bytes.Repeat([]byte{0xff}, 8)}

// Bytes that are no stamp, where that of a key was, make no entry valid.
func TestJunkIsNoStamp(t *testing.T) {
	for _, junk := range junk {
		server, ctx, k := fragmenttest.NewServer(), t.Context(), fragment.KeyOf("k")
		here, there := open(t, server.Connect(), fragment.Options{}), open(t, server.Connect(), fragment.Options{})
		fillBeside := func(f func()) {
			wantDo(t, here, k, withTags(), func(context.Context) ([]byte, error) { f(); return []byte("old"), nil }, "old")
		}
		fillBeside(func() {
			must(t, there.Delete(ctx, k))
			server.Put("!k|k", junk)
		})
		wantGet(t, there, k, "-")
		fillBeside(func() {}) // which gives the key a stamp again
		wantGet(t, there, k, "old")
	}
}

// Nor is the same junk, before and after a fill, a sign that all is as it was.
func TestJunkIsNoEpoch(t *testing.T) {
	for _, junk := range junk {
		server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
		here, there := open(t, server.Connect(), fragment.Options{}), open(t, server.Connect(), fragment.Options{})
		wantDo(t, here, fragment.KeyOf("other"), withTags("t"), give("other"), "other")
		server.Put("!epoch", junk)
		wantDo(t, here, k, withTags(), func(ctx context.Context) ([]byte, error) {
			must(t, there.InvalidateTags(t.Context(), "t"))
			server.Put("!epoch", junk)
			fragment.AddTags(ctx, "t")
			return []byte("old"), nil
		}, "old")
		wantGet(t, there, k, "-")
	}
}
