package memorybackend

// Weigh is how much of the heap an entry is taken to need.
func Weigh(key string, value []byte) int64 { return weigh(key, value) }

// Largest is the most that an entry may weigh in b.
func Largest(b *Backend) int64 { return b.store.Load().largest }

// Stalled calls f while otter cannot take note of what is written to b, which
// must hold something.
func Stalled(b *Backend, f func()) {
	for range b.store.Load().cache.Hottest() { // holds the lock that it needs for that
		f()
		return
	}
	panic("memorybackend: Stalled needs an entry")
}
