// Package bigcachebackend keeps entries in the memory of this process, bounded
// in bytes, in a bigcache: byte rings that the garbage collector need not look
// into, whatever the number of entries. Importing it registers the scheme
// "bigcache" with package fragment.
//
// # URL
//
//	bigcache://?size=64MiB&shards=64&preallocate=false
//
// All parameters may be left out. They are those of [Options]; shards may be
// "auto", which is the default.
//
// # Limits
//
// When it is full, the oldest entries make room for new ones, whether they are
// read or not. To overwrite or delete an entry frees its place only then, so an
// entry lasts as long as it takes to write the size once.
//
// Entries that are read over and over are kept beside the rings as well, so that
// a hit shares them instead of copying: up to 128 of them, of up to 32 KiB each
// in a cache of 64MiB. They stay although newer entries come.
//
// Size bounds the rings and their index together, for entries of any size: 13
// of 16 parts are for the rings, one for what is read over and over, and an
// entry takes at least 256 bytes of the rings, so that there cannot be too many.
// Three things come on top of it. A size below
// 2MiB is that of the ring alone. Each shard keeps a buffer as large as the
// largest entry it was ever given: nothing much for pages of some 20 KB, and up
// to 13/32 of the size if entries near the limit are written to all shards. And
// Go's garbage collector lets the process grow beyond what is in use, by as much
// again unless GOMEMLIMIT or GOGC say otherwise.
//
// An entry, with its key, is at most half a shard: 415 KiB in a cache of 64MiB
// with 64 shards. A larger one is refused. Fewer shards take larger entries.
//
// The time that an entry lives is not this package's: the engine keeps it, to
// the nanosecond and for any length.
//
// # Faults
//
// There is nothing that could fail but an entry that is too large, and calls after
// Close: no call waits for anything but memory, or needs its ctx. What is held ends
// with the process.
package bigcachebackend
