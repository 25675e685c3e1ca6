package tags

import (
	"fmt"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A plan is what one execution asks of which cache.
type plan struct {
	entry
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
	p.policy.Tags = with(b.tags, p.policy.Tags)
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
	p.delete, r.kept = life.del, !life.del
	if p.policy.TTL = life.ttl; life.del {
		p.policy.TTL = -1
	}
	if r.kept {
		p.policy.Tags = with(b.tags, r.tag.keptTags)
	}
	err = r.complete(b, &p)
	return p, err
}

// complete evaluates what only a block needs that is looked up or deleted.
func (r *run) complete(b *Binding, p *plan) (err *pongo2.Error) {
	if err = r.setPolicy(&p.policy); err != nil {
		return err
	}
	p.key, err = r.key(b)
	return err
}

// with returns tags and more of them, of which there are none but in development.
func with(more, tags []string) []string {
	if len(more) == 0 {
		return tags
	}
	return slices.Concat(tags, more)
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
