package fragment

import "context"

// hitOneByOne is hitMany for a Backend of this process that reads one key at a
// time. A hit needs no more room than that of Do.
func (c *core) hitOneByOne(ctx context.Context, b *batch, p *Policy) (wanted []*member) {
	landed, around := c.flights.Landed(), scopeOf(ctx)
	var e entry
	var counts *nameCounters
	var counted string // whose they are
	for _, i := range b.distinct {
		e = entry{}
		name, key := b.keys[i].name, c.key(b.keys[i])
		found, _ := c.lookupLocal(ctx, name, key, &e)
		if found == fresh && !p.Refresh && !p.isEarly(&e) {
			if counts == nil || counted != name {
				counts, counted = c.counts.of(name), name
			}
			value, err := c.hitOf(ctx, counts, name, &e, around)
			b.answers[i] = Answer{value, err}
			continue
		}
		j := &job{name: name, key: key, policy: *p, filler: b.one(i), around: around, landed: landed}
		wanted = append(wanted, c.want(ctx, j, i, found, &e))
	}
	return wanted
}

// want completes the job of a key that is not answered by what was found.
func (c *core) want(ctx context.Context, j *job, i int, found state, e *entry) *member {
	refresh := j.policy.Refresh
	j.policy.complete(&c.policy)
	j.keepOld(found, *e)
	if refresh {
		c.flights.Forget(j.key)
	}
	c.miss(ctx, j.name, found)
	return &member{job: j, i: i}
}
