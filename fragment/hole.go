package fragment

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// A HoleFunc writes what one visitor sees in a hole: a part of a cached block or
// page that is made anew for each request, such as the name of a user or a CSRF
// token, while all around it is shared.
//
// What it writes becomes a part of the answer as it is: it must escape what it shows.
// It runs on the goroutine of the request, each time that the answer is given, with the
// ctx of the request. A refill in the background does not run it: the hole is kept
// there, or empty in what is not stored. It gets the args that stood in the template
// when the rest was made, as HoleArg makes them; they are shared with all visitors of
// the entry, and must not be changed. An error fails the answer. It must be safe for
// concurrent use, and leave w alone once it returned.
type HoleFunc func(ctx context.Context, w io.Writer, args []any) error

// Hole registers what fills the holes called name, in the blocks and pages of all
// caches of the Registry. A name is registered once, and before the first use: it
// has at least one byte and at most 100, and no space, comma or control byte.
func (r *Registry) Hole(name string, f HoleFunc) error {
	bad := func(c rune) bool { return c <= ' ' || c == ',' || c == 0x7f }
	switch {
	case name == "" || len(name) > maxHoleName || strings.ContainsFunc(name, bad):
		return fmt.Errorf("fragment: hole %.40q: want a name of 1 to %d bytes without space, comma or control byte, such as %q", name, maxHoleName, "user-name")
	case f == nil:
		return fmt.Errorf("fragment: hole %q needs a function that fills it", name)
	}
	if _, taken := r.holes.LoadOrStore(name, f); taken {
		return fmt.Errorf("fragment: hole %q is registered already: give each hole a name of its own", name)
	}
	return nil
}

const maxHoleName = 100

// HasHole reports whether Hole was called for name. The receiver may be nil.
func (r *Registry) HasHole(name string) bool {
	if r == nil {
		return false
	}
	_, ok := r.holes.Load(name)
	return ok
}

// Registry returns the Registry that c is a cache of, or that it was first given
// to by Use; or nil.
func (c *Cache) Registry() *Registry {
	if c.registry != nil {
		return c.registry
	}
	if k := c.core.Load(); k != nil {
		return k.registry.Load()
	}
	return nil
}

// A Hole is one hole in what was rendered.
type Hole struct {
	// Name is what its HoleFunc is registered by. A surface may have holes of its
	// own, which only it fills: the name of such a one begins with a byte below ' '.
	Name string
	Args []any // each as HoleArg returns it
}

// WriteHole writes the hole called name into what is being written to w, for the
// answer of which ctx is the context: into the page of a handler, say. Args are
// values that HoleArg takes.
//
// Is the answer to be stored, by a surface that keeps holes, then what is written is
// a mark in place of the hole, and must reach that surface unchanged; else it is what
// the HoleFunc writes.
func (r *Registry) WriteHole(ctx context.Context, w io.Writer, name string, args ...any) error {
	h := Hole{Name: name}
	for i, arg := range args {
		v, err := HoleArg(arg)
		if err != nil {
			return fmt.Errorf("fragment: hole %q, argument %d: %w", name, i+1, err)
		}
		h.Args = append(h.Args, v)
	}
	return WriteHole(ctx, w, r, h)
}

// WriteHole is the method of r, for surfaces. A hole that cannot be kept where ctx
// is a part of is filled now, and what is around it is not stored, because another
// visitor must not see it.
func WriteHole(ctx context.Context, w io.Writer, r *Registry, h Hole) error {
	if !r.HasHole(h.Name) {
		return fmt.Errorf("fragment: there is no hole %q: register a function by Registry.Hole(%q, …)", h.Name, h.Name)
	}
	s := scopeOf(ctx)
	set, _ := ctx.Value(holesKey{}).(*Holes)
	own := set != nil && set.scope == s // it is that of the innermost fill
	if own && set.registry == r {
		if kept, err := set.Keep(w, h); kept {
			return err
		}
	}
	if s != nil && !(own && set.passing) {
		DoNotStore(ctx, fmt.Sprintf("the hole %s was filled in what cannot keep it", h.Name))
	}
	for ; set != nil; set = set.around {
		if set.visitor != nil {
			return set.visitor(w, r, h)
		}
	}
	return r.fill(ctx, w, h)
}

func (r *Registry) fill(ctx context.Context, w io.Writer, h Hole) error {
	f, _ := r.holes.Load(h.Name)
	if err := f.(HoleFunc)(context.WithValue(ctx, inHoleKey{}, scopeOf(ctx)), w, h.Args); err != nil {
		return fmt.Errorf("fragment: hole %q: %w", h.Name, err)
	}
	return nil
}

type inHoleKey struct{}

// InHole reports whether ctx is that of a HoleFunc, and not of a fill that this has
// asked for: what a surface knows of a visitor is for holes alone.
func InHole(ctx context.Context) bool {
	s, in := ctx.Value(inHoleKey{}).(*scope)
	return in && s == scopeOf(ctx)
}
