package memo

import (
	"context"
	"time"
)

// Options are what a Func may be given beside its policy. The zero value is that
// of New. The functions are asked about each answer that was loaded or Set; they
// must not change it, and must be safe for concurrent use.
type Options[K, V any] struct {
	// Tags returns tags of an answer, in addition to those of the policy and of
	// the loader.
	Tags func(k K, v V) []string

	// TTL returns how long an answer is fresh. Zero leaves it to the policy;
	// negative does not store it.
	TTL func(k K, v V) time.Duration

	// Store reports whether to store an answer. One that is not stored is
	// given to the caller who loaded it, and what that is a part of may be
	// stored nevertheless.
	Store func(k K, v V) bool

	// LoadMany loads the answers that GetMany misses, at once: one Result for
	// each of ks, in their order. Its error is that of all of them. It may run
	// more than once at a time, for different arguments. With its ctx
	// fragment.AddTags, LimitTTL and DoNotStore speak of all of these answers.
	//
	// With LoadMany the loader may be nil; LoadMany is then asked for one.
	LoadMany func(ctx context.Context, ks []K) ([]Result[V], error)

	// Codec is how answers are stored. Nil stores strings and []byte as they
	// are and everything else as CBOR; JSON is another.
	Codec Codec[V]
}

// A Result is what was found for one argument.
type Result[V any] struct {
	Value V
	Err   error
}
