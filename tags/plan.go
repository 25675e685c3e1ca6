package tags

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A plan is what one execution asks of which cache.
type plan struct {
	cache  *fragment.Cache
	key    fragment.Key
	policy fragment.Policy
	delete bool // the entry of key, before
}

// plan evaluates the arguments. pongo2 panics on some values; that is an error
// of the template here.
func (r *run) plan(b *Binding) (p plan, err *pongo2.Error) {
	defer r.recovered(&err)
	if p.cache, err = r.cache(b); err != nil {
		return p, err
	}
	p.policy.Tags = r.tag.tags
	if len(b.tags) > 0 {
		p.policy.Tags = slices.Concat(r.tag.tags, b.tags)
	}
	cached, err := r.cached()
	if err != nil {
		return p, err
	}
	if !cached {
		p.key, p.policy.TTL = r.tag.plain, -1
		return p, nil
	}
	life, err := r.lifetime()
	if err != nil {
		return p, err
	}
	p.policy.TTL, p.delete = life.ttl, life.del
	if life.del {
		p.policy.TTL = -1
	}
	p.key, err = r.key(b)
	return p, err
}

func (r *run) recovered(err **pongo2.Error) {
	p := recover()
	if p == nil {
		return
	}
	if cause, ok := p.(error); ok {
		*err = r.failAt(r.at, fmt.Errorf("%s cannot be evaluated: %w", r.doing, cause))
		return
	}
	*err = r.failAt(r.at, fmt.Errorf("%s cannot be evaluated: %v", r.doing, p))
}

// cache returns the cache of the block.
func (r *run) cache(b *Binding) (*fragment.Cache, *pongo2.Error) {
	o := r.tag.option["using"]
	if o == nil {
		return b.main, nil
	}
	name := r.tag.using
	if name == "" {
		v, err := r.evaluate(o)
		if err != nil {
			return nil, err
		}
		if name = stringOf(v); name == "" {
			return nil, r.failAt(r.at, fmt.Errorf("using= is %s: want the name of a cache, such as using=\"shared\"", describe(v.Interface())))
		}
	}
	c, ok := b.caches.Lookup(name)
	if !ok {
		return nil, r.failAt(o.tokens[0], fmt.Errorf("using=: there is no cache %q: open it with Registry.Open, or declare it with Registry.Cache(%q)", name, name))
	}
	return c, nil
}

// cached evaluates if= and unless=.
func (r *run) cached() (bool, *pongo2.Error) {
	if o := r.tag.option["if"]; o != nil {
		if v, err := r.evaluate(o); err != nil || !v.IsTrue() {
			return false, err
		}
	}
	if o := r.tag.option["unless"]; o != nil {
		if v, err := r.evaluate(o); err != nil || v.IsTrue() {
			return false, err
		}
	}
	return true, nil
}

func (r *run) lifetime() (lifetime, *pongo2.Error) {
	o := r.tag.ttl.expr
	if o == nil {
		return r.tag.ttl.literal, nil
	}
	v, err := r.evaluate(o)
	if err != nil {
		return lifetime{}, err
	}
	life, wrong := lifetimeOfValue(v.Interface())
	if wrong != nil {
		if v.IsString() {
			wrong = fmt.Errorf("%w; TTL comes first and NAME second, as in {%% cache 300 %q … %%}", wrong, v.String())
		}
		return lifetime{}, r.failAt(r.at, wrong)
	}
	return life, nil
}

// key returns the key of the entry.
func (r *run) key(b *Binding) (fragment.Key, *pongo2.Error) {
	t := r.tag
	sealed, name := t.sealed(r.in, b), t.name
	r.stamped = sealed.digest != "" && t.arguments.name != nil
	if r.name = name; sealed.keys != nil {
		return sealed.keys.of(r.ec.Autoescape), nil
	}
	if name == "" {
		v, err := r.evaluate(t.arguments.name)
		if err != nil {
			return fragment.Key{}, err
		}
		if name = stringOf(v); name == "" {
			return fragment.Key{}, r.failAt(r.at, fmt.Errorf("NAME is %s: want a string that is not empty; other values go behind it, as VARY", describe(v.Interface())))
		}
	}
	vary := r.vary[:0]
	for _, o := range t.vary {
		v, err := r.evaluate(o)
		if err != nil {
			return fragment.Key{}, err
		}
		vary = append(vary, unwrap(v.Interface()))
	}
	r.name, r.vary = name, vary
	k := t.key(sealed.digest, name, r.ec.Autoescape, vary)
	if err := k.Err(); err != nil {
		return k, r.badKey(name, vary, err)
	}
	return k, nil
}

// badKey tells which of the VARY makes the key invalid.
func (r *run) badKey(name string, vary []any, err error) *pongo2.Error {
	for i, v := range vary {
		if space.Key(name, v).Err() != nil {
			o := r.tag.vary[i]
			return r.failAt(o.tokens[0], fmt.Errorf("%s: %s is a %T, of which two cannot be told apart: name a field of it, such as %s.ID, or give the type a method CacheKey() string", o.label, o.text, v, o.text))
		}
	}
	return r.failAt(r.tag.start, err)
}

// addTags evaluates a tags= that is no literal. That is needed on a miss alone:
// on a hit the entry knows its tags.
func (r *run) addTags(ctx context.Context) (failed error) {
	o := r.tag.option["tags"]
	if o == nil || r.tag.tags != nil {
		return nil
	}
	tags, err := r.evaluateTags(o)
	if err != nil {
		return err
	}
	fragment.AddTags(ctx, tags...)
	return nil
}

func (r *run) evaluateTags(o *operand) (tags []string, err *pongo2.Error) {
	defer r.recovered(&err)
	v, err := r.evaluate(o)
	if err != nil {
		return nil, err
	}
	tags, wrong := tagList(unwrap(v.Interface()))
	if wrong != nil {
		return nil, r.failAt(o.tokens[0], wrong)
	}
	return tags, nil
}

// stringOf returns what a string holds, else "".
func stringOf(v *pongo2.Value) string {
	if r := reflect.ValueOf(v.Interface()); r.Kind() == reflect.String {
		return r.String()
	}
	return ""
}

// describe says what a value is that should be a string.
func describe(v any) string {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	}
	return fmt.Sprintf("of type %T", v)
}
