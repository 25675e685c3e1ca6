package fragment

import (
	"context"
	"slices"
)

// IntoGetter is the ability to read many keys in one round trip without a map.
// A Backend that is made of one which has it, and changes what GetMany returns,
// changes what GetInto returns as well.
type IntoGetter interface {
	// GetInto sets values[i] to what is under keys[i], nil if there is nothing; what
	// is there and empty is not nil. There are as many values as keys, all nil before.
	// Keys may repeat. When it returns an error, any of them may have been set; after
	// it has returned it does not touch values nor keys.
	GetInto(ctx context.Context, keys []string, values [][]byte) error
}

// GetInto reads keys from b into values, in one round trip where b is an
// IntoGetter or a ManyGetter.
func GetInto(ctx context.Context, b Backend, keys []string, values [][]byte) error {
	if g, ok := b.(IntoGetter); ok {
		return g.GetInto(ctx, keys, values)
	}
	found, err := GetMany(ctx, b, slices.Clone(keys)) // which b may keep
	for i, key := range keys {
		if value, ok := found[key]; ok && value == nil {
			values[i] = []byte{}
		} else {
			values[i] = value
		}
	}
	return err
}

// Checked is the ability of a Backend that finds out by itself, as by a checksum of
// both, whether a value is the one that was set under its key, and returns no
// other. The engine then does not compute its own checksum over the value again.
type Checked interface {
	Checked()
}
