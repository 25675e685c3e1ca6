package tags

import (
	"context"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A fillTags are the tags of a block that are not in its policy, because they are
// evaluated: on a miss, and before the first lookup of a key that other processes
// share. On a hit the entry knows its tags.
type fillTags struct {
	known bool
	tags  []string
	err   *pongo2.Error
}

// Tags tells the cache which tags Fill is going to add. What is wrong with them is
// an error of Fill: a hit does not need them.
func (r *run) Tags() []string { return r.tagsOfFill().tags }

// addTags adds them.
func (r *run) addTags(ctx context.Context) error {
	f := r.tagsOfFill()
	if f.err != nil {
		return f.err
	}
	fragment.AddTags(ctx, f.tags...)
	return nil
}

// tagsOfFill evaluates tags= once for each run: what it calls may cost a query.
func (r *run) tagsOfFill() *fillTags {
	f := &r.added
	if f.known {
		return f
	}
	f.known = true
	if o := r.tag.option[optTags]; o != nil && !r.tag.literalTags {
		f.tags, f.err = r.tags(o)
	}
	if f.err == nil && r.kept && r.tag.own == "" && r.tag.arguments.name != nil {
		f.tags = append(f.tags, ownTag(r.named, r.vary))
	}
	return f
}
