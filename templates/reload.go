package templates

import (
	"context"
	"io"

	"github.com/pongocache/pongocache/fragment"
)

// reloadTag is on every cached block of a Set with Options.Reload, and on
// whatever is made of what it renders.
const reloadTag = "!templates"

// reload frees what was made of the files that have changed: a block that has a
// NAME is found by that, whatever its text. It is called with s.mu held.
func (s *Set) reload(ctx context.Context) {
	s.parsed.Clear()
	s.loader.now.Store(s.loader.now.Load().next())
	s.free(ctx)
}

// free goes on when the visitor has left who happened to notice a change. A
// cache that fails was told as an Event, and must not break the page.
func (s *Set) free(ctx context.Context) {
	_ = s.caches.InvalidateTags(context.WithoutCancel(ctx), reloadTag)
}

// renderWatched renders a template that was parsed in a generation of its set. One
// that became old on the way may have stored its text in a block that it came
// to after the others were freed.
func (t *Template) renderWatched(ctx context.Context, w io.Writer, data any, of *generation) error {
	fragment.AddTags(ctx, reloadTag)
	err := t.render(ctx, w, data)
	if t.set.loader.now.Load() != of {
		t.set.free(ctx)
	}
	return err
}
