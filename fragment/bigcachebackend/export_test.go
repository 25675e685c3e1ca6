package bigcachebackend

import "hash/maphash"

// NewHash returns a hash of keys as a new Backend uses it.
func NewHash() func(key string) uint64 { return hasher{maphash.MakeSeed()}.Sum64 }

// Shards returns how many shards b has.
func Shards(b *Backend) int { return b.plan.shards }

// LargestEntry returns how many bytes a key and its value may have in b, if the
// value is not padded.
func LargestEntry(b *Backend) int { return b.plan.largest }

// Allocated returns the bytes that the rings of b take now.
func Allocated(b *Backend) int { return b.cache.Load().Capacity() }

// Damage puts bytes into the ring that Set never does.
func Damage(b *Backend, key string) error { return b.cache.Load().Set(key, []byte("short")) }
