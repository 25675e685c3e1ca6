package fragment

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// InvalidateTags frees every entry of this Cache that carries one of tags, and
// keeps every fill that is under way, and carries one, from being stored. It
// costs the same however many entries there are. An invalid tag (see CheckTag)
// is an error, and nothing is done.
//
// The caller's cancellation does not stop it. If the Backend cannot be told, its
// fault is returned, this process serves no such entry any more all the same, and
// the Backend is told in the background as soon as it can be: other processes may
// serve such an entry until then. Of a Backend of several shards it is the one that
// holds the stamp of the tag that has to be told.
func (c *Cache) InvalidateTags(ctx context.Context, tags ...string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return c.invalidate(ctx, ofTags(tags), Event{Reason: "tags", Tags: tags})
}

// Clear frees every entry of this Cache, and of no other one on the same
// Backend. Its cost does not depend on the number of entries, whose memory
// comes free as others take their place.
//
// If some shards of a Backend could be told and others could not, that fault is
// returned. What lies on the first is freed; what lies on the others this process does
// not serve until they were told, in the background, and all shards with them once
// more: others may have made, until then, of what lay there, what this process finds
// on the first.
func (c *Cache) Clear(ctx context.Context) error {
	return c.invalidate(ctx, ofClear, Event{Reason: "clear"})
}

func (c *Cache) invalidate(ctx context.Context, pick slotPicker, told Event) error {
	k, err := c.open()
	if err == ErrNotOpen {
		return nil // it holds nothing
	}
	if err != nil {
		return err
	}
	return invalidateCores(ctx, []*core{k}, pick, told)
}

// invalidateCores invalidates the same in several caches as one step. If one of
// their Backends, or the shard of it that it concerns, could not be told, this process
// serves nothing that is concerned, from any that other processes use too, until all
// could.
func invalidateCores(ctx context.Context, cores []*core, pick slotPicker, told Event) error {
	var tables []*stamps
	var remote []*core
	cores, closed := openOf(withFallbacks(cores))
	done := make(map[*stamps][]slotNo)
	for _, k := range cores {
		tables, done[k.stamps] = append(tables, k.stamps), pick(k.stamps)
		if k.shared != nil {
			remote = append(remote, k)
		}
	}
	told.Start = time.Now()
	block(tables, pick)
	all := movesOf(remote, func(k *core) []slotNo { return pick(k.stamps) })
	all.run(ctx)
	errs := []error{closed}
	for _, k := range remote {
		var owed []slotNo
		done[k.stamps], owed = all.partition(k, done[k.stamps])
		if len(owed) > 0 {
			k.oweSlots(owed, remote)
			k.mend()
		}
		if err := all.errOf(k); err != nil {
			k.fault(ctx, "", told.Reason, told.Start, err)
			errs = append(errs, fmt.Errorf("fragment: invalidate: cache %q: %w; it is tried again in the background", nameOf(k.label()), err))
		}
	}
	move(tables, func(s *stamps) []slotNo { return done[s] })
	told.Kind = EventInvalidate
	for _, k := range cores {
		k.tell(ctx, told)
	}
	return errors.Join(errs...)
}

// partition parts slots of a cache in those that are settled and those that are owed.
func (all moves) partition(c *core, slots []slotNo) (done, owed []slotNo) {
	for _, slot := range slots {
		if all.settled(c, slot, nil) {
			done = append(done, slot)
		} else {
			owed = append(owed, slot)
		}
	}
	return done, owed
}

// openOf returns those of cores that are open, and an error that names those that
// others share and cannot be told by them.
func openOf(cores []*core) (open []*core, err error) {
	for _, k := range cores {
		switch {
		case !k.closed.Load():
			open = append(open, k)
		case k.shared != nil:
			err = errors.Join(err, fmt.Errorf("fragment: invalidate: cache %q: %w, and others that use its backend are not told", nameOf(k.label()), ErrClosed))
		}
	}
	return open, err
}
