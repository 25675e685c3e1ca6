package fragmenttest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// entries are what a Memory or a Server keeps, with the means to look at them
// and to meddle with them from outside of any Cache. Keys are those of the
// Backend, with the prefix of the Cache before them. The zero value is empty.
type entries struct {
	mu sync.Mutex
	m  map[string]kept // guarded by mu
}

// kept is what was set under one key.
type kept struct {
	value []byte
	ttl   time.Duration
	until time.Time // zero is for ever
}

// after is the moment ttl from now; zero is never.
func after(ttl time.Duration) time.Time {
	if ttl == fragment.Forever {
		return time.Time{}
	}
	return time.Now().Add(ttl)
}

func isOver(until time.Time) bool { return !until.IsZero() && !time.Now().Before(until) }

// Keys returns the keys of all entries, in order.
func (e *entries) Keys() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	return slices.Sorted(maps.Keys(e.m))
}

// Len returns the number of entries.
func (e *entries) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	return len(e.m)
}

// Raw returns a copy of the bytes under key. What a Cache has put there is its
// envelope, with the value inside.
func (e *entries) Raw(key string) (raw []byte, ok bool) {
	k, ok := e.get(key)
	return slices.Clone(k.value), ok
}

// TTL returns the ttl that key was last set with.
func (e *entries) TTL(key string) (ttl time.Duration, ok bool) {
	k, ok := e.get(key)
	return k.ttl, ok
}

// Put stores a copy of raw under key, for ever: an entry from before that is
// damaged, or what another program left under our key.
func (e *entries) Put(key string, raw []byte) {
	e.set(key, kept{value: slices.Clone(raw), ttl: fragment.Forever})
}

// Evict drops the entries whose keys drop reports, as a full Backend does on
// its own, and returns how many those were.
func (e *entries) Evict(drop func(key string) bool) int {
	doomed := slices.DeleteFunc(e.Keys(), func(key string) bool { return !drop(key) })
	e.remove(doomed)
	return len(doomed)
}

func (e *entries) get(key string) (k kept, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	k, ok = e.m[key]
	if ok && isOver(k.until) {
		delete(e.m, key)
		return kept{}, false
	}
	return k, ok
}

func (e *entries) set(key string, k kept) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.m == nil {
		e.m = make(map[string]kept)
	}
	e.m[key] = k
}

func (e *entries) touch(ttl time.Duration, keys []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	for _, key := range keys {
		if k, ok := e.m[key]; ok {
			e.m[key] = kept{value: k.value, ttl: ttl, until: after(ttl)}
		}
	}
}

func (e *entries) remove(keys []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range keys {
		delete(e.m, key)
	}
}

// sweep drops what is over. The caller holds mu.
func (e *entries) sweep() {
	maps.DeleteFunc(e.m, func(_ string, k kept) bool { return isOver(k.until) })
}
