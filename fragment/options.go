package fragment

import (
	"context"
	"time"
)

// Options are what a Cache needs beside its Backend. The zero value is useful.
type Options struct {
	// Prefix goes before each key, so that several caches, or programs, can
	// share a Backend: at most 64 letters, digits and characters of "._:/-".
	Prefix string

	// Policy holds the defaults of the Cache.
	Policy Policy

	// MaxValue is the largest value in bytes that is stored; larger ones are
	// returned to the caller alone. Zero leaves it to the Backend.
	MaxValue int

	// Transforms change entries on their way to the Backend, each what the one
	// before it returned: compression comes before encryption.
	Transforms []Transform

	// Near keeps copies of entries in the memory of this process, where the Backend
	// is one that others use too; it is InProcess itself, and closed with the Cache.
	// If the Backend is a Watcher, what others change leaves Near soon after;
	// otherwise Near may be out of date for NearTTL. What this process changes is
	// changed in both. Fills do not read Near: what they make is kept for longer.
	Near Backend
	// NearTTL is how long a copy stays at most, shortened by up to the fraction
	// NearJitter of it. Zero is one minute, or if the Backend is no Watcher, one
	// second.
	NearTTL    time.Duration
	NearJitter float64

	// Fallback is asked instead while the Backend is down, as the circuit breaker
	// has it; it is closed with this Cache, and may have a Fallback itself. It is
	// told what is invalidated, always. Set then stores there alone, and what the
	// Backend holds is deleted when that is back; InvalidateTags, Clear and Delete
	// still return the fault. Its Stats are its own. Where this Cache has a name in a
	// Registry and Fallback has none, Events of Fallback call it by that name and
	// " (fallback)". Of a Sharder it is asked while all shards are down; or if
	// its own Backend is shared too, for keys whose shards all are.
	Fallback *Cache
	// FallbackTTL is how long an entry may live there at most: what other
	// processes invalidate meanwhile, it is not told. So what a fill makes of a
	// part from there is not stored where others find it. Zero is 10 s.
	FallbackTTL time.Duration

	// Wait is how long a caller waits for the fill of another before it fills
	// for itself. Zero is 10 s; negative does not wait.
	Wait time.Duration

	// ReadTimeout and WriteTimeout are how long one call to a Backend that is
	// not InProcess may take. Zero is 100 ms for a read and 1 s for a write. Reads
	// that begin at about the same time end together: some have up to one part in
	// 32 less. What is done for one request waits for one read in vain, not for
	// more: see Request.
	ReadTimeout, WriteTimeout time.Duration

	// MaxFaults is after how many faults in a row such a Backend, or one shard of it
	// (see Sharder), is left alone until it answers again. A call that has waited for more than half of
	// ReadTimeout before it failed counts for two faults, and those that were under
	// way together count once. Zero is 5: three times in a row somebody waits in
	// vain. Negative asks it always.
	MaxFaults int

	// Observe, if not nil, is told each Event, on the goroutine on which it
	// happened. It must be fast and safe for concurrent use.
	Observe func(context.Context, Event)
}
