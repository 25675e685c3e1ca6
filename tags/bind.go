package tags

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// pongo2 tests each key of a context with a regular expression for each
// template that it executes, at some 15 ns a letter. Hence short names.
const (
	bindingKey = "_c"  // in the Globals of a set, and from Attach
	contextKey = "_cx" // from WithContext
)

// Bind gives the template tags of set the caches of a registry. It must be
// called before the first template of set is executed. To bind a set again to
// the same registry changes nothing; another registry is an error.
//
// The templates of a bound set may be executed in any way. A cached block then
// reports to what WithContext handed in, or else to nobody.
func Bind(set *pongo2.TemplateSet, caches *fragment.Registry) error {
	_, err := bind(set, caches, false)
	return err
}

// A Binding is a template set with its caches, for code that executes the
// templates on behalf of others, as package templates does. It promises to call
// Attach for each execution; in return, a cached block that finds itself
// without a ctx is an error instead of one that reports to nobody.
type Binding struct {
	caches *fragment.Registry
	main   *fragment.Cache // of a block without using=
	strict bool            // a block needs a ctx
	tags   []string        // of every block, beside its own

	sources Sources  // or nil
	private []string // keys of the context that no stored body may have read
}

// NewBinding binds set to caches, as Bind does.
func NewBinding(set *pongo2.TemplateSet, caches *fragment.Registry) (*Binding, error) {
	return bind(set, caches, true)
}

// TagBlocks puts tags on every cached block of the set, beside its own; it
// replaces those of an earlier call. It must be called before the first
// template of the set is executed. With a tag that fragment.CheckTag refuses
// each block is an error.
func (b *Binding) TagBlocks(tags ...string) { b.tags = slices.Clone(tags) }

// Attach puts ctx into data, which must not be nil, for one execution of a
// template of the set. It costs each executed template less than WithContext.
func (b *Binding) Attach(ctx context.Context, data pongo2.Context) {
	data[bindingKey] = opaque(&rendering{binding: b, ctx: ctx})
}

func bind(set *pongo2.TemplateSet, caches *fragment.Registry, strict bool) (*Binding, error) {
	switch {
	case registered != nil:
		return nil, fmt.Errorf("tags: %w: another package has taken the name of the template tag", registered)
	case set == nil:
		return nil, errors.New("tags: Bind needs a template set: make one by pongo2.NewSet, or use package templates")
	case caches == nil:
		return nil, errors.New("tags: Bind needs a registry of caches: give it a *fragment.Registry")
	}
	bound, err := renderingIn(set.Globals, bindingKey)
	if err != nil {
		return nil, fmt.Errorf("tags: Bind: %w", err)
	}
	if bound != nil {
		if bound.binding.caches != caches || bound.binding.strict != strict {
			return nil, errors.New("tags: Bind: the template set is bound already: give each registry a set of its own")
		}
		return bound.binding, nil
	}
	if set.Globals == nil {
		set.Globals = make(pongo2.Context)
	}
	b := &Binding{caches: caches, main: caches.Cache(fragment.DefaultName), strict: strict, private: defaultPrivate}
	set.Globals[bindingKey] = opaque(&rendering{binding: b})
	return b, nil
}
