package fragment

import (
	"context"
	"time"
)

// A Backend keeps bytes under keys. It is the whole of what a store has to
// offer: expiry, tags, staleness and statistics are the Cache's.
//
// What the engine promises to a Backend:
//   - a key is 1 to 200 bytes of printable ASCII without a space;
//   - ttl is above zero, or Forever;
//   - neither the caller nor the engine changes value after Set, so that a
//     Backend may keep the slice itself.
//
// What a Backend promises:
//   - it is safe for concurrent use;
//   - an entry that is not there is ok == false with a nil error; an error
//     always means that something is wrong;
//   - a Get that begins after a Set, or a Delete, of its key has returned sees
//     that Set, or Delete, or nothing; entries may be dropped at any time;
//   - the value that Get returns is not changed by the Backend afterwards. The
//     engine does not change it either, so a Backend may share it;
//   - a value that it will not keep because of its size is an error that
//     wraps ErrTooLarge, and costs no other entry its place;
//   - the calls return soon after ctx has ended.
//
// The engine gives a Backend that is not InProcess a deadline by ctx (see
// Options.ReadTimeout and WriteTimeout); what takes longer is a fault, and a miss.
// Into such a Backend it also writes, under keys that begin with "!" behind the
// prefix, the stamps by which processes tell each other what was invalidated:
// 8 bytes each, Forever, at most 65,538 of them, two more for each further shard (see
// Sharder), and one beside each entry, which lives somewhat longer. To evict one costs misses. Such a Backend drops what is
// past its ttl soon: a stamp of 30 s is what an invalidation leaves behind whose
// process dies.
//
// The engine holds the exact deadline of an entry inside value. A Backend may
// use ttl to drop an entry that is past it, and may as well return it.
//
// Package backendtest tests all of this for any Backend.
type Backend interface {
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete removes the keys. A key that is not there is not an error.
	Delete(ctx context.Context, keys ...string) error
	// Close frees what the Backend holds. A second Close returns nil.
	Close() error
}
