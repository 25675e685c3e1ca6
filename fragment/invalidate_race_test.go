package fragment_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// InvalidateTags is one step over all of its tags and all caches of a Registry.
// Were it not, then
//
//	the first tag is freed;
//	a page begins, that carries the first tag, and reads a part that carries
//	the last tag and is not yet freed;
//	the last tag is freed; the page is stored, as newer than both.
//
// Many tags between the first and the last make that moment long.
func TestInvalidationIsOneStep(t *testing.T) {
	tags := make([]string, 2000)
	for i := range tags {
		tags[i] = fmt.Sprint("tag:", i)
	}
	first, last := tags[:1], tags[len(tags)-1:]
	one, two := fresh(t, fragment.Options{}), fresh(t, fragment.Options{})
	for name, caches := range map[string][2]*fragment.Cache{"one cache": {one, one}, "two caches": {one, two}, "the other way round": {two, one}} {
		var both fragment.Registry
		must(t, both.Use("page", caches[0]))
		must(t, both.Use("part", caches[1]))
		var version, floor atomic.Int64
		ask := func() (int64, error) {
			part := func(ctx context.Context) ([]byte, error) {
				return caches[1].Do(ctx, fragment.KeyOf("part"), fragment.Policy{Tags: last}, func(context.Context) ([]byte, error) {
					return strconv.AppendInt(nil, version.Load(), 10), nil
				})
			}
			text, err := caches[0].Do(t.Context(), fragment.KeyOf("page"), fragment.Policy{Tags: first}, part)
			must(t, err)
			return strconv.ParseInt(string(text), 10, 64)
		}
		var stop atomic.Bool
		var wg sync.WaitGroup
		wg.Go(func() {
			for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
				v := version.Add(1)
				must(t, both.InvalidateTags(t.Context(), tags...))
				floor.Store(v)
			}
			stop.Store(true)
		})
		for range 6 {
			wg.Go(func() {
				for !stop.Load() {
					least := floor.Load()
					if v, err := ask(); v < least || err != nil {
						t.Errorf("%s: the page shows version %d (%v), want %d or later", name, v, err, least)
						return
					}
				}
			})
		}
		wg.Wait()
		must(t, both.Clear(t.Context()))
	}
}

// Nor do invalidations of the same tag, made at once, take back each other. The
// tag is the last of many, so that they meet.
func TestInvalidationsAtOnce(t *testing.T) {
	tags := make([]string, 300)
	for i := range tags {
		tags[i] = fmt.Sprint("tag:", i)
	}
	last := tags[len(tags)-1:]
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	var version, floor atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				v := version.Add(1)
				must(t, c.InvalidateTags(t.Context(), tags...))
				for old := floor.Load(); old < v && !floor.CompareAndSwap(old, v); old = floor.Load() {
				}
			}
		})
	}
	for range 5 {
		wg.Go(func() {
			for end := time.Now().Add(time.Second); time.Now().Before(end) && !t.Failed(); {
				least := floor.Load()
				text := do(t, t.Context(), c, k, fragment.Policy{Tags: last}, func(context.Context) ([]byte, error) {
					text := strconv.AppendInt(nil, version.Load(), 10)
					for range 20 {
						runtime.Gosched()
					}
					return text, nil
				})
				if v, err := strconv.ParseInt(text, 10, 64); v < least || err != nil {
					t.Errorf("version %d (%v), want %d or later", v, err, least)
				}
			}
			stop.Store(true)
		})
	}
	wg.Wait()
}

// Tags may share a slot. That costs misses and nothing else, however many
// there are.
func TestMoreTagsThanSlots(t *testing.T) {
	c := fresh(t, fragment.Options{})
	missing := 0
	for i := range 40_000 {
		k, p := fragment.KeyOf("k", i), fragment.Policy{Tags: []string{fmt.Sprint("tag:", i)}}
		wantDo(t, c, k, p, give("v"), "v")
		must(t, c.InvalidateTags(t.Context(), fmt.Sprint("tag:", i-1)))
		if ok, err := c.Has(t.Context(), k); !ok || err != nil {
			missing++
		}
	}
	if missing > 20 { // one or two are to be expected
		t.Errorf("%d of 40000 entries were freed by the tag of another", missing)
	}
}
