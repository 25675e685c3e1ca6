package memo

// Options are what a Func may be given beside its policy. The zero value is that
// of New.
type Options[K, V any] struct {
	// Tags returns tags of an answer, in addition to those of the policy and of
	// the loader. It must not change v. Nil adds none.
	Tags func(k K, v V) []string

	// Codec is how answers are stored. Nil stores strings and []byte as they
	// are and everything else as CBOR; JSON is another.
	Codec Codec[V]
}
