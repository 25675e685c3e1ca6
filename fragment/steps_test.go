package fragment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A step is one call of a process to the server that it shares with others, by
// what it does.
type step string

const (
	blocksSlots    step = "its slots are blocked"
	changesEpoch   step = "the epoch changes"
	movesSlots     step = "its slots change"
	stampsKeys     step = "keys get new stamps"
	createsStamp   step = "a stamp is created"
	writesEntry    step = "an entry is written"
	removesEntries step = "entries are removed"
	readsEntries   step = "something is read"
	readsStamps    step = "stamps alone are read"
)

// A stepper is a connection whose steps can be stopped at: before and after, if
// they are set, run there.
type stepper struct {
	*fragmenttest.Conn
	before, after func(step)
}

// around runs one call between the two.
func (s *stepper) around(what step, call func() error) error {
	if s.before != nil {
		s.before(what)
	}
	err := call()
	if s.after != nil {
		s.after(what)
	}
	return err
}

// writing is the step that writes value under key.
func writing(key string, value []byte) step {
	switch {
	case !isStamp(key):
		return writesEntry
	case strings.Contains(key, "!k|"):
		return stampsKeys
	case strings.HasSuffix(key, "!epoch"):
		return changesEpoch
	case isBlock(value):
		return blocksSlots
	}
	return movesSlots
}

// isBlock reports the stamp of a slot that is being invalidated.
func isBlock(stamp []byte) bool {
	return len(stamp) == 8 && slices.Min(stamp[4:]) == 0xff
}

func (s *stepper) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	err = s.around(readsEntries, func() error { value, ok, err = s.Conn.Get(ctx, key); return err })
	return value, ok, err
}

func (s *stepper) GetMany(ctx context.Context, keys []string) (found map[string][]byte, err error) {
	what := readsStamps
	if slices.ContainsFunc(keys, func(key string) bool { return !isStamp(key) }) {
		what = readsEntries
	}
	err = s.around(what, func() error { found, err = s.Conn.GetMany(ctx, keys); return err })
	return found, err
}

func (s *stepper) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.around(writing(key, value), func() error { return s.Conn.Set(ctx, key, value, ttl) })
}

func (s *stepper) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	var what step
	for key, value := range items {
		what = writing(key, value)
	}
	return s.around(what, func() error { return s.Conn.SetMany(ctx, items, ttl) })
}

func (s *stepper) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = s.around(createsStamp, func() error { added, err = s.Conn.Add(ctx, key, value, ttl); return err })
	return added, err
}

func (s *stepper) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	err = s.around(writing(key, value), func() error { swapped, err = s.Conn.Swap(ctx, key, old, value, ttl); return err })
	return swapped, err
}

func (s *stepper) Delete(ctx context.Context, keys ...string) error {
	return s.around(removesEntries, func() error { return s.Conn.Delete(ctx, keys...) })
}

// steppers are processes whose steps can be stopped at.
type steppers struct {
	server *fragmenttest.Server
	conns  []*stepper
	caches []*fragment.Cache
}

func newSteppers(t *testing.T, n int, o fragment.Options) *steppers {
	p := &steppers{server: fragmenttest.NewServer()}
	for range n {
		conn := &stepper{Conn: p.server.Connect()}
		p.conns, p.caches = append(p.conns, conn), append(p.caches, open(t, conn, o))
	}
	return p
}

// first returns a hook that runs f at the first step of that kind.
func first(at step, f func()) func(step) {
	return nth(1, at, f)
}

// nth returns a hook that runs f at the n-th step of that kind. The steps of one
// process must not overlap before that.
func nth(n int, at step, f func()) func(step) {
	return func(what step) {
		if what != at {
			return
		}
		if n--; n == 0 {
			f()
		}
	}
}

// A gate is where one goroutine waits for another.
type gate struct{ there, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

// pass waits at the gate until it is opened.
func (g *gate) pass() {
	close(g.there)
	<-g.open
}

// await waits until somebody is at the gate.
func (g *gate) await() { <-g.there }

// let opens the gate.
func (g *gate) let() { close(g.open) }
