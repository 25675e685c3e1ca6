// Package memo remembers what a function returned: a database query, a call of
// another service, a long computation.
//
// New wraps a function of one argument, the loader, and gives back a Func. Its
// Get returns what the loader returns; while the cache holds the answer for
// that argument, the loader is not run. Value does the same for a function
// without an argument. Of many callers who ask for the same missing answer at
// the same time, one runs the loader and the others wait for it.
//
//	users := memo.New(cache, "user", fragment.Policy{TTL: time.Minute}, db.User)
//	user, err := users.Get(ctx, 42)
//	…
//	err = users.Delete(ctx, 42)    // after a change of that one
//	err = users.Set(ctx, 42, user) // or this, with the new one at hand
//	err = users.DeleteAll(ctx)     // of all
//
// Peek looks without loading, Refresh loads although something is stored, and
// GetMany gets many with one load for those that are missing. The Options of
// NewWithOptions say more: that one load, what is made of an answer (its tags, its
// TTL, whether to store it at all), and how it is stored.
//
// A loader whose error wraps ErrNotFound has answered, and is not asked again
// before Policy.NotFoundTTL is over. What is stale is served to everybody while
// the loader runs in the background; see New.
//
// A cache that fails costs a load and no error: Get returns what the loader returns.
// Set, Delete and DeleteAll return the fault of a change that may not have been
// made.
//
// # Values
//
// Strings and []byte are stored as they are, all other answers as CBOR. What Get
// returns was decoded for its caller, who may change it; on a miss too, so that a
// hit and a miss look the same. A type that would lose something on the way is
// refused when the Func is made, and Err says which field it is and what to do:
//
//   - channels, funcs, complex numbers, uintptr, interfaces with methods
//   - structs with unexported fields, unless the type has both methods of
//     encoding.BinaryMarshaler and BinaryUnmarshaler, or of their Text or CBOR
//     likes; time.Time and big.Int need none
//   - exported fields with the tag json:"-" or cbor:"-"; a cbor tag goes before
//     a json tag, so that cbor:"Password" stores a field that JSON hides
//   - two fields with one name, as embedding makes them; the encoder would keep
//     one or none
//   - maps whose keys hold pointers
//
// Some values of a good type cannot be stored either: one that refers to itself
// or is nested more than 32 levels deep, a time whose zone is off by seconds, a
// pointer to nil, one whose decoding would take more than 64 MiB and 64 times its
// bytes in memory. They are returned as the loader made them and are not stored,
// which is no hindrance to what they are a part of; an Event tells why.
//
// Some things come back different, on a hit and on a miss alike. The zone of a
// time keeps its offset and not its name. Two pointers to one variable become
// pointers to two. A field with omitempty or omitzero comes back as zero where
// that option left it out, an empty slice as nil. What an interface (any) holds
// comes back generically: whole numbers as int64, or big.Int above that; floats
// as float64, structs and maps as map[string]any, slices as []any, a
// time.Time that is zero as nil.
//
// Options.Codec stores answers in another way. JSON can be read by people, and
// takes two to three times as long. It refuses what is said above, with the tag
// json alone and the methods of json.Marshaler in place of those of CBOR; and
// maps whose keys are no strings, whole numbers or text. It does not store
// strings that are not UTF-8, infinite numbers, nor whole numbers beyond 2⁵³ in
// an interface. What that holds comes back as numbers of type float64, and
// []byte and time.Time as strings. A Codec of your own answers for itself.
//
// # Arguments
//
// An argument is what fragment.KeyOf takes, or a struct of exported such
// fields, which may be nested. Arguments that KeyOf takes for the same, such as
// one instant in two zones, share an answer.
//
// A field that is tagged memo:"-", exported or not, is no part of the key: a
// transaction, a logger or whatever else the loader is to be given. No answer
// may depend on it. What one caller's transaction or rights made of an answer,
// everybody who asks for the same is given.
//
// The types of argument and answer and the codec are part of each key. A program
// that was deployed with a changed struct misses what the one before it stored,
// instead of reading half of it, and one name may be used with different types.
package memo
