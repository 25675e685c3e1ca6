package fragment

import (
	"cmp"
	"context"
	"time"
)

// What a fill can say, with its ctx, of the entry that it computes.

// AddTags adds tags to the entry that the fill around ctx computes, and so to
// every entry around that one. Outside of a fill it does nothing. A tag that
// CheckTag refuses keeps the entry from being stored, because nobody could
// invalidate it.
func AddTags(ctx context.Context, tags ...string) {
	s := scopeOf(ctx)
	if s == nil {
		return
	}
	if err := checkTags(tags); err != nil {
		DoNotStore(ctx, err.Error())
		return
	}
	s.report(part{fresh: forever, tags: tags})
}

// LimitTTL lets the entry that the fill around ctx computes be fresh for at
// most d from now; with d not above zero it is not stored. Outside of a fill it
// does nothing.
func LimitTTL(ctx context.Context, d time.Duration) {
	s := scopeOf(ctx)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.limit = min(s.limit, later(time.Now().UnixNano(), max(d, 0)))
	}
}

// SetTTL replaces the TTL of the policy for the entry that the fill around ctx
// computes; with d below zero it is not stored. What LimitTTL or a part of the
// entry says still shortens it. Outside of a fill, or with zero, it does nothing.
func SetTTL(ctx context.Context, d time.Duration) {
	s := scopeOf(ctx)
	switch {
	case s == nil || d == 0:
	case isPassing(ctx, s):
		s.report(lasting(d))
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.ended {
			s.setTTL(d)
		}
	}
}

// DoNotStore keeps the answer of the fill around ctx, and of every fill around
// that one, from being stored and from being given to anybody who waits for it;
// those who wait are let go at once. The first reason is told in an Event.
// Outside of a fill it does nothing.
func DoNotStore(ctx context.Context, reason string) {
	if reason == "" {
		reason = "do not store"
	}
	for s := scopeOf(ctx); s != nil && s.forbid(reason); s = s.around {
		s.node.Release()
	}
}

// SkipStore is DoNotStore for the answer of the fill around ctx alone: what is
// around it may be stored.
func SkipStore(ctx context.Context, reason string) {
	s := scopeOf(ctx)
	if s == nil || isPassing(ctx, s) || !s.leaveOut(cmp.Or(reason, "skip store")) {
		return
	}
	s.node.Release()
}

// leaveOut notes the first reason of SkipStore; it reports false if the fill
// ended before.
func (s *scope) leaveOut(reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && s.skip == "" {
		s.skip = reason
	}
	return !s.ended
}

// forbid notes the first reason; it reports false if the fill ended before.
func (s *scope) forbid(reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if s.veto == "" {
		s.veto = reason
	}
	return true
}

// StoreWith stores value under k beside the entry that the fill around ctx
// computes: with its tags, stamps and deadlines, and only if that is stored. The
// value is copied before the fill returns to its caller; until then it belongs
// to the fragment package. It is an entry like any other from then on: a Delete of
// the fill's key does not free it, but a tag that both have does, also while the
// fill runs. A Set or Delete of k meanwhile does not keep it from being stored.
// Outside of a fill, in one of DoMany that computes several, or with an invalid
// key, it does nothing.
func StoreWith(ctx context.Context, k Key, value []byte) {
	s := scopeOf(ctx)
	if s == nil || k.text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.beside = append(s.beside, companion{k, value})
	}
}

// Kept reports, after Do returned, what became of the fill that was given ctx:
// whether its value was stored and, if not, why, in one word that is fit to be
// shown to anybody: do-not-store, too-large, outdated, expired, stale-part,
// tags, null, transform or backend. An Event tells more. For a ctx that is not
// that of an ended fill it reports false and "".
func Kept(ctx context.Context) (stored bool, why string) {
	s := scopeOf(ctx)
	if s == nil {
		return false, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept, s.why
}

// became notes whether the answer was stored; why not is nil if it was.
func (s *scope) became(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = why == nil
	if why != nil {
		s.why = wordFor(why)
	}
}
