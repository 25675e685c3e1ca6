package fragment

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// complaints are the kinds of faults that were told while the Backend is down. What
// keeps it down may become something else, such as a password that was changed while
// its server was away; and a try, of which nobody else knows, finds that out.
type complaints struct {
	mu   sync.Mutex
	told map[string]bool // guarded by mu
}

const maxComplaints = 16

// isNew reports whether no fault of the kind of err was told, and notes that it is
// now.
func (k *complaints) isNew(err error) bool {
	kind := kindOf(err)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.told[kind] || len(k.told) >= maxComplaints {
		return false
	}
	if k.told == nil {
		k.told = make(map[string]bool)
	}
	k.told[kind] = true
	return true
}

// forget forgets them all: the Backend is back.
func (k *complaints) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.told)
}

// kindOf is what faults of one kind have in common: what they come from, whatever the
// call was that failed, and without the numbers of ports and the like.
func kindOf(err error) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, strings.Join(slices.Compact(slices.Sorted(slices.Values(causesOf(err)))), "; "))
}

func causesOf(err error) []string {
	switch one := err.(type) {
	case interface{ Unwrap() error }:
		if inner := one.Unwrap(); inner != nil {
			return causesOf(inner)
		}
	case interface{ Unwrap() []error }:
		var all []string
		for _, inner := range one.Unwrap() {
			all = append(all, causesOf(inner)...)
		}
		return all
	}
	return []string{err.Error()}
}

// complain tells that a try of a shard has failed by err, if nothing of the kind was
// told since it, or another one, is down.
func (c *core) complain(ctx context.Context, at *shard, began time.Time, err error) {
	if ctx.Err() == nil && at.breaker.now() != closed && c.shared.complaints.isNew(err) {
		c.fault(ctx, "", "try", began, err)
	}
}
