package tags

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A rendering is what the template tags of one execution of a template share:
// the caches, and the ctx of what is being rendered right now. pongo2 executes
// a template on one goroutine, so a rendering belongs to that goroutine.
//
// ctx is in a struct because it has to reach a block through macros, includes
// and functions, which pongo2 runs in the context where they were defined: who
// is called must find the Scope of who calls. It is nil in the Globals of a set.
type rendering struct {
	binding  *Binding // nil in what WithContext makes
	ctx      context.Context
	filling  *run            // the innermost body that is being rendered, or nil
	serving  *serving        // the innermost entry whose holes are being filled, or nil
	sources  Sources         // nil: those of the binding
	outline  *Outline        // nil: none, as inside of a body that is to be stored
	outlined *Outline        // the same, inside of any body
	shown    shown           // outside of what is stored, by holes in macros
	passed   shown           // the same, by other holes
	request  context.Context // what Request made of ctx, outside of any body; nil at first
}

// asking returns the ctx by which blocks are looked up: those outside of any body
// are of one request too.
func (r *rendering) asking() context.Context {
	if r.filling != nil {
		return r.ctx
	}
	if r.request == nil {
		r.request = fragment.Request(r.ctx)
	}
	return r.request
}

// enter makes ctx the current one, of the body of a run, and returns what puts
// the former back.
func (r *rendering) enter(ctx context.Context, body *run) (leave func()) {
	outer, around := r.ctx, r.filling
	r.ctx, r.filling, body.around = ctx, body, around
	return func() { r.ctx, r.filling = outer, around }
}

// unmarked is enter for a body that is to be stored: that must bear no marks.
func (r *rendering) unmarked(ctx context.Context, body *run) (leave func()) {
	outer, outline := r.enter(ctx, body), r.outline
	r.outline = nil
	return func() {
		outer()
		r.outline = outline
	}
}

// keptBody returns the innermost body that is being rendered to be stored, or nil; what
// a hole renders is of none.
func (r *rendering) keptBody() *run {
	for body := r.filling; body != nil; body = body.around {
		if body.kept && !body.inHole {
			return body
		}
	}
	return nil
}

// opaque wraps r so that templates cannot look into it: they reach neither
// fields nor methods through a pointer to a pointer.
func opaque(r *rendering) **rendering { return &r }

// WithContext returns a copy of data that hands ctx to the cached blocks of the
// template that it is executed with: their fills get it, and they report to the
// Scope in it. Each call of Execute needs a WithContext of its own.
//
//	err := template.ExecuteWriter(tags.WithContext(ctx, data), w)
//
// It is not needed for templates.Set.Render.
func WithContext(ctx context.Context, data pongo2.Context) pongo2.Context {
	out := make(pongo2.Context, len(data)+1)
	maps.Copy(out, data)
	out[contextKey] = opaque(&rendering{ctx: ctx})
	return out
}

// Context returns the ctx of what a template is rendering right now: inside of
// a cached block that of its fill, else the one that the template was given. A
// function that a template calls reports with it to the block around the call:
//
//	"price": func(ec *pongo2.ExecutionContext) string {
//		fragment.AddTags(tags.Context(ec), "prices")
//		…
//
// pongo2 hands ec to a function whose first parameter has that type. Where no
// ctx was handed in, Context returns context.Background().
func Context(ec *pongo2.ExecutionContext) context.Context {
	if ec == nil {
		return context.Background()
	}
	for _, key := range [...]string{bindingKey, contextKey} {
		if r, _ := renderingIn(ec.Public, key); r != nil && r.ctx != nil {
			return r.ctx
		}
	}
	return context.Background()
}

var (
	errUnbound = errors.New("this template set has no caches: call tags.Bind(set, registry) before its first template is executed, " +
		"or load templates by package templates")
	errNoContext = errors.New("this block does not know what it is a part of, so it cannot be cached safely. " +
		"Render by templates.Set or with tags.WithContext; and {% include … only %} keeps the ctx out: write {% include … with " +
		bindingKey + "=" + bindingKey + " only %} (" + contextKey + "=" + contextKey + " with tags.WithContext)")
)

// renderingOf finds the rendering that ec is a part of, and its binding. A set
// that Bind bound gets one that begins here if it has none.
func renderingOf(ec *pongo2.ExecutionContext) (*rendering, *Binding, error) {
	r, err := renderingIn(ec.Public, bindingKey)
	switch {
	case err != nil:
		return nil, nil, err
	case r == nil || r.binding == nil:
		return nil, nil, errUnbound
	case r.ctx != nil:
		return r, r.binding, nil
	}
	given, err := renderingIn(ec.Public, contextKey)
	switch {
	case err != nil:
		return nil, nil, err
	case given != nil && given.ctx != nil:
		return given, r.binding, nil
	case r.binding.strict:
		return nil, nil, errNoContext
	}
	// Public is a map that pongo2 made for this execution. What is put there
	// reaches macros and includes, which Private does not.
	begun := &rendering{ctx: context.Background()}
	ec.Public[contextKey] = opaque(begun)
	return begun, r.binding, nil
}

// renderingIn returns the rendering under key, or nil. {% include with %} wraps
// values into *pongo2.Value.
func renderingIn(data pongo2.Context, key string) (*rendering, error) {
	switch v := unwrap(data[key]).(type) {
	case nil:
		return nil, nil
	case **rendering:
		return *v, nil
	default:
		return nil, fmt.Errorf("the name %s in the context is taken by a %T: package tags needs it, choose another", key, v)
	}
}

// unwrap returns what a *pongo2.Value holds.
func unwrap(v any) any {
	for {
		wrapped, ok := v.(*pongo2.Value)
		if !ok || wrapped == nil {
			return v
		}
		v = wrapped.Interface()
	}
}
