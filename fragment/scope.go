package fragment

import (
	"context"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// A scope gathers what is learnt while a fill runs: the tags of its parts, how
// long they live, and whether the answer may be stored at all. It travels in
// the ctx of the fill. After the fill ended, calls to it do nothing.
type scope struct {
	around *scope       // of the fill that this one runs inside of, or nil
	node   *flight.Node // this fill in the graph of waiting fills

	mu     sync.Mutex
	ended  bool     // guarded by mu, as what follows
	tags   []string // in order, without repeats
	known  map[string]bool
	parts  int64  // when the first of the parts expires, Unix nanoseconds
	limit  int64  // of LimitTTL
	stale  bool   // a part was stale
	veto   string // why the answer must not be stored
	beside []companion
	kept   bool   // the answer was stored
	why    string // it was not
}

// A companion is an entry to be stored with the fill's own.
type companion struct {
	key   Key
	value []byte
}

type scopeKey struct{}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// newScope returns the scope of a fill that is about to begin inside of around.
func newScope(around *scope, node *flight.Node) *scope {
	return &scope{around: around, node: node, parts: forever, limit: forever}
}

func (s *scope) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// nodeOf returns the place in the graph of a fill that may be nil.
func (s *scope) nodeOf() *flight.Node {
	if s == nil {
		return nil
	}
	return s.node
}

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
// to the fragment package. A Delete or Set of the fill's key keeps it from being
// stored; one of k itself, meanwhile, does not. Outside of a fill, or with an invalid key, it does
// nothing.
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
// tags, null or backend. An Event tells more. For a ctx that is not that of an
// ended fill it reports false and "".
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

// A part is what an answer tells the scope that it becomes a part of.
type part struct {
	fresh int64 // until when it is
	stale bool
	tags  []string
}

// report adds a part. The receiver may be nil: nobody is listening.
func (s *scope) report(p part) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.parts = min(s.parts, p.fresh)
	s.stale = s.stale || p.stale
	for _, tag := range p.tags {
		s.addTag(tag)
	}
}

// reportEntry is report for an entry that was just read. Tags that the scope
// has already cost no allocation.
func (s *scope) reportEntry(e *entry, stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.parts = min(s.parts, e.fresh)
	s.stale = s.stale || stale
	s.addTagsOf(e)
}

// end closes the scope and returns what it gathered. Calls that come later, from
// a goroutine that the fill left behind, find it ended.
func (s *scope) end() *scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s
}
