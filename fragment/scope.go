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
	hung   *hung        // of the request
	lane   *lane        // of its key
	turn   uint64       // in that

	mu    sync.Mutex
	ended bool // guarded by mu, as what follows
	learnt
	known map[string]bool // tags, once they are many
	kept  bool            // the answer was stored
	why   string          // it was not
}

// learnt is what is known of an answer beside its value.
type learnt struct {
	tags    []string      // in order, without repeats
	parts   int64         // when the first of the parts expires, Unix nanoseconds
	limit   int64         // of LimitTTL
	ttl     time.Duration // of SetTTL; zero is that of the policy
	stale   bool          // a part was stale
	unheard bool          // a part may have been invalidated by others, unheard: see lends
	veto    string        // why the answer must not be stored, nor what is around it
	skip    string        // why this answer alone must not be
	beside  []companion
}

// nothingLearnt is known of an answer before it is computed.
var nothingLearnt = learnt{parts: forever, limit: forever}

// setTTL replaces the TTL of the policy by d, if that is not zero. Below zero the
// answer is not stored.
func (l *learnt) setTTL(d time.Duration) {
	switch {
	case d > 0:
		l.ttl = d
	case d < 0:
		l.limit = 0
	}
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

// outsideOf is ctx as it would be outside of any fill.
func outsideOf(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, (*scope)(nil))
}

// passingKey is for the ctx of a fill that has no entry of its own, because its
// cache is off: its value is the scope around it, to which its parts report.
type passingKey struct{}

func (s *scope) passing(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, passingKey{}, s)
}

// isPassing reports that s, which is that of ctx, is not that of the fill which
// was given ctx, but one around it. What a fill says of its own entry alone
// does not go for the one around it.
func isPassing(ctx context.Context, s *scope) bool {
	return ctx.Value(passingKey{}) == s
}

// scope returns the scope of a fill of j that is about to begin.
func (j *job) scope(node *flight.Node) *scope {
	return &scope{around: j.around, node: node, hung: j.hung, learnt: nothingLearnt}
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

// A part is what an answer tells the scope that it becomes a part of.
type part struct {
	fresh   int64 // until when it is
	stale   bool
	unheard bool // see lends
	tags    []string
}

// lasting is a part that is fresh for d.
func lasting(d time.Duration) part {
	return part{fresh: later(time.Now().UnixNano(), max(d, 0))}
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
	s.stale, s.unheard = s.stale || p.stale, s.unheard || p.unheard
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
