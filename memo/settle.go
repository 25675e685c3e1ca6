package memo

import (
	"errors"
	"reflect"
	"time"
)

// A settled answer is one of which all is known that the cache is told.
type settled[V any] struct {
	raw  []byte
	own  *V // what its caller is given: decoded from raw, so that all look the same
	tags []string
	ttl  time.Duration // zero is that of the policy
	skip string        // why it is not stored, or ""
	err  error         // why it cannot be
}

// settle asks the options about the answer v for k, and encodes it.
func (f *Func[K, V]) settle(k K, v V) settled[V] {
	o, s := &f.options, settled[V]{}
	if o.Tags != nil {
		s.tags = o.Tags(k, v)
	}
	if o.TTL != nil {
		s.ttl = o.TTL(k, v)
	}
	switch {
	case s.ttl < 0:
		s.ttl, s.skip = 0, "memo: Options.TTL is negative"
	case o.Store != nil && !o.Store(k, v):
		s.skip = "memo: Options.Store says no"
	}
	raw, own, err := f.encode(v)
	if err != nil {
		// The caller gets it as it was loaded.
		raw, own = []byte(unstorable), &v
		s.err = reason(reflect.TypeFor[V](), err)
		s.skip = "memo: " + s.err.Error()
	}
	s.raw, s.own = raw, own
	return s
}

// unstorable is what stands for an answer that cannot be stored, for callers who
// waited for it: it is none of theirs.
const unstorable = "\x00memo: cannot be stored\x00"

var errUnstorable = errors.New("memo: another caller's answer, which cannot be stored")
