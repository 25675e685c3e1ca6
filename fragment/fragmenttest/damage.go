package fragmenttest

import "slices"

// foreign is what Foreign leaves: an entry of nobody we know.
const foreign = `{"user":42,"rights":["read","write"],"expires":"never"}`

// damage is value as the faults have it. They befall one value at a time, so
// that of many that are read some may be whole.
func (f *Faults) damage(value []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.faults {
		if len(value) == 0 || !i.Does.damages() || !f.befalls(i, Reads) {
			continue
		}
		switch i.Does {
		case Flip:
			bit := f.die().IntN(8 * len(value))
			value = slices.Clone(value)
			value[bit/8] ^= 1 << (bit % 8)
		case Truncate:
			value = value[:f.die().IntN(len(value))]
		case Foreign:
			value = []byte(foreign)
		}
	}
	return value
}
