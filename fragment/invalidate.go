package fragment

import "context"

// InvalidateTags frees every entry of this Cache that carries one of tags, and
// keeps every fill that is under way, and carries one, from being stored. It
// costs the same however many entries there are. An invalid tag (see CheckTag)
// is an error, and nothing is done.
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
	invalidateCores(ctx, []*core{k}, pick, told)
	return nil
}

// invalidateCores invalidates the same in several caches as one step.
func invalidateCores(ctx context.Context, cores []*core, pick slotPicker, told Event) {
	tables := make([]*stamps, len(cores))
	for i, k := range cores {
		tables[i] = k.stamps
	}
	invalidate(tables, pick)
	told.Kind = EventInvalidate
	for _, k := range cores {
		k.tell(ctx, told)
	}
}
