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
		wanted = c.want(ctx, wanted, &member{job: j, i: i}, found, &e)
	}
	return wanted
}

// want adds the member of a key that is not answered by what was found to those of
// before, and completes its job.
func (c *core) want(ctx context.Context, wanted []*member, m *member, found state, e *entry) []*member {
	refresh := m.policy.Refresh
	m.policy.complete(&c.policy)
	m.keepOld(found, *e)
	if c.remembers(ctx, m.job); len(wanted) > 0 {
		m.hung = wanted[0].hung // they are one request
	}
	if refresh {
		c.flights.Forget(m.key)
	}
	c.miss(ctx, m.name, found)
	return append(wanted, m)
}
