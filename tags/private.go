package tags

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// defaultPrivate are the names that commonly hold what belongs to one visitor.
var defaultPrivate = []string{"request", "session", "csrf"}

// PrivateKeys names the keys of the context whose values belong to one visitor:
// a cached body that reads one is shown and not stored, nor is what is around it,
// and the Event of that says which key was read in which block. It replaces those
// of an earlier call; without a call they are request, session and csrf, and
// PrivateKeys() makes nothing private. It must be called before the first
// template of the set is executed.
//
// To read is to use the name in an expression that is evaluated while the body
// is rendered, also in a template that it includes and a macro that it calls. What
// was read before the block is not seen: {% with path=request.path %} around it, or
// a VARY. Nor is what a macro reads that belongs to a template which includes the
// one with the block, or that was defined further out than the block stands and has
// the name by {% with %} or {% set %}.
func (b *Binding) PrivateKeys(names ...string) { b.private = slices.Clone(names) }

// Lookup returns what a name in the context of a template holds, for a Go function
// that a template calls. Inside of a cached body, where ec.Public holds something
// else in place of the value of a private key (see Binding.PrivateKeys), it finds
// that value, and has read it.
func Lookup(ec *pongo2.ExecutionContext, name string) (value any, ok bool) {
	if ec == nil {
		return nil, false
	}
	if value, ok = ec.Private[name]; !ok {
		value, ok = ec.Public[name]
	}
	if v, is := unwrap(value).(watched); is {
		value = v()
	}
	return unwrap(value), ok
}

// watched stands in the context for a value: pongo2 calls a function that it
// finds there, when and only when an expression uses its name.
type watched func() *pongo2.Value

// watch puts what tells of its use in place of each private value that a body
// which is executed with child can reach, and returns what puts the former back.
// Public is changed too, because macros and block.Super have other contexts than
// child and share that map alone, and so are the names of {% with %} and {% set %} around,
// for macros that were defined there. Nobody else sees it: pongo2 makes these maps for
// each execution of a template, and that runs on one goroutine.
func (r *run) watch(child *pongo2.ExecutionContext) (unwatch func()) {
	r.watchIn(child.Private)
	seen := []pongo2.Context{child.Public, r.ec.Private}
	if r.outside != nil {
		seen = append(seen, r.outside.Private)
	}
	before := make([]pongo2.Context, len(seen))
	for i, data := range seen {
		before[i] = r.watchIn(data)
	}
	return func() {
		for i, data := range seen {
			data.Update(before[i])
		}
	}
}

// watchIn returns what was in data before.
func (r *run) watchIn(data pongo2.Context) (before pongo2.Context) {
	for _, name := range r.private {
		v, ok := data[name]
		if !ok {
			continue
		}
		if before == nil {
			before = make(pongo2.Context)
		}
		before[name], data[name] = v, r.in.watched(name, v)
	}
	return before
}

// watched returns what stands for v.
func (r *rendering) watched(name string, v any) any {
	f := reflect.ValueOf(unwrap(v))
	if f.Kind() == reflect.Func && !f.IsNil() {
		return r.watchedFunc(name, f)
	}
	value, ok := v.(*pongo2.Value)
	if !ok {
		value = pongo2.AsValue(v)
	}
	return watched(func() *pongo2.Value {
		r.wasRead(name)
		return value
	})
}

// watchedFunc returns a function of the same type.
func (r *rendering) watchedFunc(name string, f reflect.Value) any {
	call := f.Call
	if f.Type().IsVariadic() {
		call = f.CallSlice
	}
	return reflect.MakeFunc(f.Type(), func(arguments []reflect.Value) []reflect.Value {
		r.wasRead(name)
		return call(arguments)
	}).Interface()
}

// wasRead keeps the bodies that are being rendered from being stored.
func (r *rendering) wasRead(name string) {
	if body := r.keptBody(); body != nil {
		at := body.tag.start
		fragment.DoNotStore(r.ctx, fmt.Sprintf("the private context key %s was read in the block in line %d of %s", name, at.Line, at.Filename))
	}
}
