package fragment

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// lanes order the writes of each key within this process. A lane exists while
// somebody fills or writes its key.
//
// Whoever is to write takes a turn: a fill when it begins, and who sets or
// deletes the key when it does so. A fill that began before a Set or a Delete may
// have seen what was there before, and does not store after it; nor does it after
// a fill that began later. The lane is held from the test of the turn to the end of the write;
// without that
//
//	a fill finds nothing later than itself;
//	Delete takes its turn and deletes;
//	the fill writes
//
// would bring back what was deleted.
type lanes struct {
	seed   maphash.Seed
	shards [16]struct {
		mu sync.Mutex
		m  map[string]*lane // guarded by mu
	}
}

type lane struct {
	key   string
	users int           // guarded by the shard's mu
	held  chan struct{} // full while the lane is held
	turns atomic.Uint64 // that were taken
	least uint64        // the turn from which on fills may store; guarded by held
}

func newLanes() *lanes { return &lanes{seed: maphash.MakeSeed()} }

func (l *lanes) shard(key string) int {
	return int(maphash.String(l.seed, key) % uint64(len(l.shards)))
}

// join returns the lane of key, which stays until leave.
func (l *lanes) join(key string) *lane {
	s := &l.shards[l.shard(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.m[key]
	if one == nil {
		one = &lane{key: key, held: make(chan struct{}, 1)}
		if s.m == nil {
			s.m = make(map[string]*lane)
		}
		s.m[key] = one
	}
	one.users++
	return one
}

func (l *lanes) leave(one *lane) {
	s := &l.shards[l.shard(one.key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(s.m, one.key)
	}
}

// turnInside takes a turn for a fill inside of around. A fill inside of another
// one of its key shares its turn: the outer one is made of it, and stores last.
func (one *lane) turnInside(around *scope) uint64 {
	for ; around != nil; around = around.around {
		if around.lane == one {
			return around.turn
		}
	}
	return one.turns.Add(1)
}

// hold waits until it holds the lane; it fails when ctx ends first.
func (one *lane) hold(ctx context.Context) error {
	select {
	case one.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (one *lane) release() { <-one.held }

// take joins and holds the lanes of keys, in the order of their names so that
// no two callers hold up each other, and takes a turn of each. The caller must
// call done.
func (l *lanes) take(ctx context.Context, keys ...string) (done func(), err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	taken := make([]*lane, 0, len(keys))
	done = func() {
		for _, one := range taken {
			one.release()
			l.leave(one)
		}
	}
	for _, key := range keys {
		one := l.join(key)
		if err := one.hold(ctx); err != nil {
			l.leave(one)
			done()
			return nil, err
		}
		one.least = one.turns.Add(1)
		taken = append(taken, one)
	}
	return done, nil
}
