package fragment_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// Two processes invalidate the same tag at once. The first one to end must not
// unblock what the other one has blocked, or else
//
//	a fill begins, while the first is between its last two steps, and reads;
//	what it read changes, and the second blocks the tag;
//	the first ends: the tag has a stamp, under which the fill stores what is old;
//	the second changes the epoch; another fill begins, and reads that;
//	the second ends, and the other fill stores what is old under the last stamp.
func TestInvalidationsOfTwoProcessesAtOnce(t *testing.T) {
	p, ctx := newSteppers(t, 4, fragment.Options{}), t.Context()
	var version atomic.Int64
	var wg sync.WaitGroup
	show := func(ctx context.Context) ([]byte, error) { return fmt.Append(nil, version.Load()), nil }
	part, page := fragment.KeyOf("part"), fragment.KeyOf("page")

	firstEnds, partRead, blocked, secondEnds, pageRead := newGate(), newGate(), newGate(), newGate(), newGate()
	p.conns[0].before = first(movesSlots, firstEnds.pass)
	wg.Go(func() { must(t, p.caches[0].InvalidateTags(ctx, "t")) })
	firstEnds.await()

	var partDone sync.WaitGroup
	partDone.Go(func() {
		p.caches[1].Do(ctx, part, withTags(), func(ctx context.Context) ([]byte, error) {
			value, err := show(ctx)
			partRead.pass()
			fragment.AddTags(ctx, "t")
			return value, err
		})
	})
	partRead.await()
	version.Store(1)
	p.conns[2].after, p.conns[2].before = first(blocksSlots, blocked.pass), first(movesSlots, secondEnds.pass)
	var told sync.WaitGroup
	told.Go(func() { must(t, p.caches[2].InvalidateTags(ctx, "t")) })
	blocked.await()
	firstEnds.let()
	wg.Wait()
	partRead.let()
	partDone.Wait()

	blocked.let()
	secondEnds.await()
	wg.Go(func() {
		p.caches[3].Do(ctx, page, withTags(), func(ctx context.Context) ([]byte, error) {
			value, err := p.caches[3].Do(ctx, part, withTags(), tagged("t", "1"))
			pageRead.pass()
			return value, err
		})
	})
	pageRead.await()
	secondEnds.let()
	told.Wait()
	pageRead.let()
	wg.Wait()
	for _, k := range []fragment.Key{part, page} {
		if value, ok, _ := p.caches[0].Get(ctx, k); ok && string(value) != "1" {
			t.Errorf("%v shows version %s after 1 was announced", k, value)
		}
	}
}
