package fragment

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Holes gathers the holes of one fill. Where a hole stands, a mark is written: a
// text that nobody else can write, since it holds random bytes of this fill alone,
// and that most of what is done to a text will change. When the body is done, Frame
// takes the marks out and returns what is to be stored, in which the holes stand
// beside the body: nothing that is read from a cache is searched for marks.
//
// A Holes is safe for concurrent use.
type Holes struct {
	registry *Registry
	scope    *scope
	around   *Holes // of the fill around, or nil
	visitor  VisitorFill
	passing  bool // it keeps nothing, and what is around it decides

	mu     sync.Mutex
	off    bool   // guarded by mu, as what follows
	spoilt bool   // they are not all found: what runs again has them filled in its variables
	nonce  string // made with the first hole
	holes  []Hole
}

// A VisitorFill fills a hole of r for the visitor of the fill that is under way,
// where it cannot be kept. It may be WriteHole with the ctx from around the fill.
type VisitorFill func(w io.Writer, r *Registry, h Hole) error

type holesKey struct{}

// CollectHoles is for a surface that keeps holes. It returns a ctx for what a fill
// runs, with which WriteHole keeps the holes of r for the entry of the fill that
// ctx was given to; not those of another entry that is filled inside of it. Visitor
// may be nil; then a HoleFunc gets the ctx of where it is called.
//
// The Holes are nil if the fill has no entry of its own: then each hole goes to
// visitor, or without that belongs to what is around.
func CollectHoles(ctx context.Context, r *Registry, visitor VisitorFill) (context.Context, *Holes) {
	s := scopeOf(ctx)
	passing := s == nil || isPassing(ctx, s)
	if passing && visitor == nil {
		return ctx, nil
	}
	around, _ := ctx.Value(holesKey{}).(*Holes)
	h := &Holes{registry: r, scope: s, around: around, visitor: visitor, passing: passing, off: passing}
	ctx = context.WithValue(ctx, holesKey{}, h)
	if passing {
		return ctx, nil
	}
	return ctx, h
}

// nobody is for what is filled in the background. Its ctx has the values of the one
// that asked, who may be gone: no hole must be filled with what was his.
var nobody = &Holes{off: true, visitor: func(io.Writer, *Registry, Hole) error { return nil }}

func forNobody(ctx context.Context) context.Context {
	return context.WithValue(ctx, holesKey{}, nobody)
}

// maxHoles is how many holes one entry may have.
const maxHoles = 1 << 14

// Keep writes the mark of a hole to w, in one call. Kept is false if holes are not
// kept any more, and nothing is written then.
func (s *Holes) Keep(w io.Writer, h Hole) (kept bool, err error) {
	number, mark := s.add(h)
	if mark == "" {
		return false, nil
	}
	_, err = io.WriteString(w, fmt.Sprintf("%s%d%s", mark, number, markEnd))
	return true, err
}

func (s *Holes) add(h Hole) (number int, mark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return 0, ""
	}
	if s.nonce == "" {
		s.nonce = rand.Text()
	}
	s.holes = append(s.holes, h)
	return len(s.holes) - 1, markBegin + s.nonce
}

// Len returns how many holes there are. The receiver may be nil.
func (s *Holes) Len() int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.holes)
}

// Stop ends the keeping of holes: those that come later are filled where they
// stand. Marks that are written already remain. The receiver may be nil.
func (s *Holes) Stop() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
}

// Keeps reports whether holes are kept. The receiver may be nil.
func (s *Holes) Keeps() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.off
}

// ErrHoleLost is the error of Holes.Frame for a body in which a mark is missing or
// changed, or in an argument of a hole: a filter, a function or an encoding had it in
// its hands.
var ErrHoleLost = errors.New("a hole was lost: what is around it, such as a filter or a compressing middleware, changed it")

// Frame stops s, appends to dst what is to be stored of a body with its holes, and
// returns that. The body is copied.
func (s *Holes) Frame(dst, body []byte) ([]byte, error) {
	s.Stop()
	framed, err := s.frame(dst, body)
	if err != nil {
		s.spoil()
	}
	return framed, err
}

func (s *Holes) frame(dst, body []byte) ([]byte, error) {
	if s.isSpoilt() {
		return nil, ErrHoleLost
	}
	f := framer{set: s, seen: make([]bool, len(s.holes))}
	if err := f.cut(body); err != nil {
		return nil, err
	}
	return f.appendTo(dst)
}

func (s *Holes) spoil() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoilt = true
}

func (s *Holes) isSpoilt() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spoilt
}
