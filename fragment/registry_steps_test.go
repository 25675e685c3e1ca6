package fragment_test

import (
	"context"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An invalidation for several caches takes each step in all of them before the
// next. Were one done with its epoch before the other is blocked, then
//
//	the pages are blocked, and their epoch changes;
//	a fill of a page begins, in another process, and reads a part that is old;
//	the parts are blocked, and all get new stamps;
//	the page, which learns of its tag now, is stored as new.
//
// Which cache goes first is not known: either is full of pages in turn.
func TestStepsAreTakenInAllCachesTogether(t *testing.T) {
	for range 10 {
		for _, names := range [][2]string{{"one", "two"}, {"two", "one"}} {
			testStepsTogether(t, names[0], names[1])
		}
	}
}

func testStepsTogether(t *testing.T, parts, pages string) {
	server, ctx := fragmenttest.NewServer(), t.Context()
	conns, here, there := make(map[string]*stepper), make(map[string]*fragment.Cache), make(map[string]*fragment.Cache)
	var r fragment.Registry
	for _, name := range []string{parts, pages} {
		conns[name] = &stepper{Conn: server.Connect()}
		here[name] = open(t, conns[name], fragment.Options{Prefix: name})
		there[name] = open(t, server.Connect(), fragment.Options{Prefix: name})
		must(t, r.Use(name, here[name]))
	}
	part, page := fragment.KeyOf("part"), fragment.KeyOf("page")
	wantDo(t, there[parts], part, withTags(), tagged("t", "old"), "old")

	var wg sync.WaitGroup
	read := newGate()
	conns[pages].after = first(changesEpoch, func() {
		wg.Go(func() {
			there[pages].Do(ctx, page, withTags(), func(ctx context.Context) ([]byte, error) {
				value, err := there[parts].Do(ctx, part, withTags(), tagged("t", "new"))
				read.pass()
				return value, err
			})
		})
		read.await()
	})
	must(t, r.InvalidateTags(ctx, "t"))
	read.let()
	wg.Wait()
	if value, ok, _ := there[pages].Get(ctx, page); ok && string(value) != "new" {
		t.Errorf("the page is %q after the invalidation of its part", value)
	}
}

// Nor is a cache of this process done before those that others use are, or after
// them:
//
//	a part in the memory is made of a row that is old, before that is blocked;
//	the rows and the pages get new stamps;
//	a page is made of that part, and stored as new.
func TestLocalCachesWaitForSharedOnes(t *testing.T) {
	server, ctx := fragmenttest.NewServer(), t.Context()
	conn := &stepper{Conn: server.Connect()}
	remote, local := open(t, conn, fragment.Options{}), fresh(t, fragment.Options{})
	var r fragment.Registry
	must(t, r.Use("remote", remote))
	must(t, r.Use("local", local))
	version := "old"
	row := func(ctx context.Context) ([]byte, error) {
		return remote.Do(ctx, fragment.KeyOf("row"), withTags(), tagged("t", version))
	}
	part := func(ctx context.Context) ([]byte, error) {
		return local.Do(ctx, fragment.KeyOf("part"), withTags(), row)
	}
	page := func() {
		value, err := remote.Do(ctx, fragment.KeyOf("page"), withTags(), part)
		if must(t, err); string(value) != "new" && version == "new" {
			t.Logf("a page was made of what is %s", value)
		}
	}
	page()
	version = "new"
	conn.before, conn.after = first(blocksSlots, func() { part(ctx) }), first(movesSlots, page)
	must(t, r.InvalidateTags(ctx, "t"))
	for what, f := range map[string]fill{"row": row, "part": part} {
		if value, err := f(ctx); string(value) != "new" || err != nil {
			t.Errorf("the %s is %q, %v", what, value, err)
		}
	}
	if value, ok, err := remote.Get(ctx, fragment.KeyOf("page")); ok && string(value) != "new" || err != nil {
		t.Errorf("the page is %q, %v", value, err)
	}
}
