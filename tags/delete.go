package tags

import (
	"context"
	"errors"
	"fmt"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// Delete removes all that {% cache … name vary… %} stored in c, whatever its
// version= and text and whether it was rendered with escaping or without, and what
// c holds that such a block is a part of. A fill that is under way then stores nothing.
// The types of vary count: 42 in a template is 42 here and not "42".
func Delete(ctx context.Context, c *fragment.Cache, name string, vary ...any) error {
	switch {
	case c == nil:
		return errors.New("tags: Delete needs a cache, such as registry.Cache(\"default\")")
	case name == "":
		return errors.New("tags: Delete needs the NAME of a block; a block without one is freed by its tags")
	}
	keys := keysOf(name, vary)
	for _, k := range keys {
		if err := k.Err(); err != nil {
			return err
		}
	}
	// The tag is on every entry of that name and vary. Those that have no more in
	// their key also give back their memory.
	return errors.Join(c.InvalidateTags(ctx, ownTag(name, vary)), c.Delete(ctx, keys[:]...))
}

// keysOf are the keys of a block with NAME and without a version.
func keysOf(name string, vary []any) (keys keyPair) {
	for i := range keys {
		var b fragment.KeyBuilder
		b.Start(space, name)
		b.Bool(i == 1)
		finishKey(&b, vary)
		keys[i] = b.Key()
	}
	return keys
}

// ownTag is the tag by which Delete finds all entries of NAME and VARY. It
// depends on nothing else.
func ownTag(name string, vary []any) string { return space.Key(name, vary...).Tag() }

const usageOfUncache = `{% uncache NAME [VARY …] [using=expression] %}, such as {% uncache "sidebar" user.ID %}`

// An uncacheTag is {% uncache %}.
type uncacheTag struct {
	start *pongo2.Token
	name  *operand
	vary  []*operand
	using *operand
}

func parseUncache(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usageOfUncache}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	var a arguments
	if err := r.rest(&a, optUsing); err != nil {
		return nil, err
	}
	if a.name == nil {
		return nil, r.fail(start, "the NAME is missing: write "+r.usage)
	}
	return &uncacheTag{start: start, name: a.name, vary: a.vary, using: a.option[optUsing]}, nil
}

// Execute deletes. A fault of the backend is told as an Event, and must not break
// the page.
func (t *uncacheTag) Execute(ec *pongo2.ExecutionContext, _ pongo2.TemplateWriter) (failed *pongo2.Error) {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := &evaluation{ec: ec, start: t.start}
	if body := in.keptBody(); body != nil {
		at := body.tag.start
		return e.failAt(t.start, fmt.Errorf("{%% uncache %%} is reached by the cached body in line %d of %s through another template or a macro, and would run on a miss alone: put it before the block", at.Line, at.Filename))
	}
	defer e.recovered(&failed)
	c, failed := e.cache(binding, t.using)
	if failed != nil {
		return failed
	}
	name, failed := e.name("", t.name)
	if failed != nil {
		return failed
	}
	vary, failed := e.values(t.vary, nil)
	if failed != nil {
		return failed
	}
	if err := keysOf(name, vary)[0].Err(); err != nil {
		return e.badKey(name, vary, t.vary, err)
	}
	_ = Delete(in.ctx, c, name, vary...)
	fragment.DoNotStore(in.ctx, fmt.Sprintf("{%% uncache %%} in line %d of %s would not run on a hit", t.start.Line, t.start.Filename))
	return nil
}
