package fragment

// A foreseer is a Filler that has the method Tags.
type foreseer interface{ Tags() []string }

// foresee lets the first look at a key in a shared Backend ask for the stamps of
// the tags that its entry has, or is going to have: in one trip with the entry, in
// place of up to three more when they are met later. Who has seen the key before
// knows them.
func (c *core) foresee(key string, f Filler) {
	if c.shared == nil || c.shared.guessOf(key) != nil {
		return
	}
	known, ok := f.(foreseer)
	if !ok {
		return
	}
	tags := known.Tags()
	slots := make([]slotNo, len(tags))
	for i, tag := range tags {
		slots[i] = c.stamps.slotOf(tag)
	}
	c.shared.remember(key, slots)
}
