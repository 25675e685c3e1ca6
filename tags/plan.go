package tags

import (
	"context"
	"fmt"
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
	if p.cache, err = r.cache(b, r.tag.option[optUsing]); err != nil {
		return p, err
	}
	p.policy = r.tag.policy
	if len(b.tags) > 0 {
		p.policy.Tags = slices.Concat(p.policy.Tags, b.tags)
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
	if err = r.setPolicy(&p.policy); err != nil {
		return p, err
	}
	p.key, err = r.key()
	return p, err
}

// cached evaluates if= and unless=.
func (r *run) cached() (bool, *pongo2.Error) {
	if o := r.tag.option[optIf]; o != nil {
		if v, err := r.evaluate(o); err != nil || !v.IsTrue() {
			return false, err
		}
	}
	if o := r.tag.option[optUnless]; o != nil {
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

// addTags evaluates a tags= that is no literal. That is needed on a miss alone:
// on a hit the entry knows its tags.
func (r *run) addTags(ctx context.Context) (failed error) {
	o := r.tag.option[optTags]
	if o == nil || r.tag.literalTags {
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
