// Package compress makes entries smaller on their way to a Backend, with zstd.
//
// A Transform goes into Options.Transforms of a cache. What the cache stores is
// then a fraction of what it was, text most of all: a page of HTML becomes about
// a quarter. More entries fit into the same memory, and less travels to a
// server and back. Beside encryption, it comes first: what is encrypted does not
// become smaller any more.
//
//	small, err := compress.New(compress.Options{})
//	…
//	cache, err := fragment.Open(ctx, url, fragment.Options{
//		Transforms: []fragment.Transform{small},
//	})
//
// Entries that would gain little are stored as they are, behind one byte that
// says so: those below Options.Threshold, and those that would not become smaller
// by an eighth, such as images. So are those above Options.MaxSize.
//
// The zero Options are meant for most programs.
//
// # Limits
//
// Each hit decodes its entry anew: a page of 20 KB takes some tens of
// microseconds, and its 20 KB of memory. That is little beside the way to a
// server, and much beside a hit in the memory of this process.
//
// What is stored is neither secret nor protected from those who write to the
// Backend; package encrypt is for that. A checksum finds what became damaged by
// accident, in compressed entries alone.
//
// Open trusts nothing that it reads. An entry that says it holds more than
// MaxSize, or more than its bytes can hold, is an error before anything is
// allocated for it. Otherwise Open allocates what the entry says it holds; one
// that lied takes two and a half times that and 128 KiB at most, before it is
// found out. No more are decoded at a time than there are processors.
//
// How well an entry can be compressed depends on what is in it. Who can put text
// of their own into an entry beside a secret, and sees the sizes of what is
// stored, can guess at the secret, encrypted or not. Leave compression out where
// that matters.
//
// For each processor, up to 2 MiB stay in use for writing (3 MiB at Balanced,
// 6 MiB at Smallest) and up to 3 MiB for reading. There is nothing to close.
//
// # Faults
//
// What does not open is a miss and an Event: damage, what was stored without this
// Transform, and what another process compressed although it is above this one's
// MaxSize. Nothing here can keep an entry from being stored.
package compress
