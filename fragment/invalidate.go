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
// serve such an entry until then.
func (c *Cache) InvalidateTags(ctx context.Context, tags ...string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return c.invalidate(ctx, ofTags(tags), Event{Reason: "tags", Tags: tags})
}

// Clear frees every entry of this Cache, and of no other one on the same
// Backend. Its cost does not depend on the number of entries, whose memory
// comes free as others take their place.
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
// their Backends could not be told, this process serves nothing that is concerned,
// from any that other processes use too, until all could.
func invalidateCores(ctx context.Context, cores []*core, pick slotPicker, told Event) error {
	var tables, done []*stamps
	var remote []*core
	cores, closed := openOf(withFallbacks(cores))
	for _, k := range cores {
		tables = append(tables, k.stamps)
		if k.shared == nil {
			done = append(done, k.stamps)
			continue
		}
		remote = append(remote, k)
	}
	told.Start = time.Now()
	block(tables, pick)
	errs := moveShared(ctx, remote, pick)
	failed := errors.Join(errs...) != nil
	for i, k := range remote {
		if !failed {
			done = append(done, k.stamps)
			continue
		}
		k.oweSlots(pick(k.stamps), remote)
		k.mend()
		if errs[i] == nil {
			continue
		}
		k.fault(ctx, "", told.Reason, told.Start, errs[i])
		errs[i] = fmt.Errorf("fragment: invalidate: cache %q: %w; it is tried again in the background", nameOf(k.label()), errs[i])
	}
	move(done, pick)
	told.Kind = EventInvalidate
	for _, k := range cores {
		k.tell(ctx, told)
	}
	return errors.Join(append(errs, closed)...)
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
