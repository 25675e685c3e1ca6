package fragmenttest

import "github.com/pongocache/pongocache/fragment"

// shardsOf returns the stores of b, if it is a fragment.Sharder, each with the faults of f.
func (f *Faults) shardsOf(b fragment.Backend) (shards []fragment.Backend) {
	s, ok := b.(fragment.Sharder)
	if !ok {
		return nil
	}
	for _, one := range s.Shards() {
		shards = append(shards, f.Wrap(one))
	}
	return shards
}

// Shards are those of what is inside, which go wrong too, each call to one of them by
// itself; none if that is no Sharder.
func (w *wrapped) Shards() []fragment.Backend { return w.shards }

// ShardOf is that of what is inside.
func (w *wrapped) ShardOf(key string) int {
	if s, ok := w.b.(fragment.Sharder); ok {
		return s.ShardOf(key)
	}
	return 0
}
