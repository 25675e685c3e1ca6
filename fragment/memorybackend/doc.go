// Package memorybackend keeps entries in the memory of this process, bounded in
// bytes, in an otter cache: a hit shares the value instead of copying it, what is
// asked for often stays when space is short, and an entry past its ttl is gone.
// Importing it registers the scheme "memory" with package fragment.
//
// # URL
//
//	memory://?size=64MiB
//
// The parameter may be left out. It is that of [Options].
//
// # Limits
//
// When it is full, W-TinyLFU decides who stays: an entry that was asked for less
// often than those there are makes way for them, be it the newest. So a crawler
// that reads everything once costs nobody a place, and what is new stays from the
// second or third time that it is written.
//
// Size bounds the heap that entries take: value and key, rounded as Go's memory
// allocator rounds them, and 160 bytes for what otter needs beside them. An entry
// that is smaller than 320 bytes, all that included, counts as if it were not.
// For a moment each call that is writing may have one entry more. Go's garbage
// collector lets the process grow beyond what is in use, by as much again unless
// GOMEMLIMIT or GOGC say otherwise.
//
// An entry is at most a sixteenth of the size: 4 MiB in a cache of 64MiB. A larger
// one is refused.
//
// Each entry is two or three objects that the garbage collector has to look at.
// For some hundred thousand entries of which most are read seldom, package
// bigcachebackend is the better choice: its entries are none.
//
// An open Backend has a goroutine of its own that wakes up once a second, to let
// go of what has expired, and from time to time one that takes note of what was
// read and written.
//
// # Faults
//
// There is nothing that could fail but an entry that is too large, and calls after
// Close: no call waits for anything but memory. What is held ends with the
// process.
package memorybackend
