package backendtest

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A Harness tells Run how to get at a backend, and where it differs from one
// that keeps all it is given. Only Open is required.
type Harness struct {
	// Open returns a backend that holds nothing and has room for 16 MiB. It is
	// called once for each rule. The suite closes what it returns; t is for
	// servers and directories beneath it.
	Open func(t testing.TB) fragment.Backend

	// KeepsNothing says that every Get is a miss by design.
	KeepsNothing bool

	// MaxValue is the size in bytes up to which values must be kept under a
	// key of any length. Zero is 64 KiB.
	MaxValue int

	// TooLarge is the size in bytes of a value that must be refused. Zero says
	// that no value is too large.
	TooLarge int

	// Patience is how long a call may take that has nothing to wait for. Zero
	// is 3 s.
	Patience time.Duration
}

const (
	defaultMaxValue = 64 << 10
	defaultPatience = 3 * time.Second
)

// Run tests a backend, each rule on a fresh one as a subtest that bears its
// name. Which abilities the backend has (fragment.InProcess, ManyGetter,
// ManySetter, Adder, Swapper, Toucher, Locker, Sharder, Sizer) is seen from its type.
func Run(t *testing.T, h Harness) {
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) { r.run(t, h) })
	}
}

// A rule is one promise of a Backend.
type rule struct {
	name  string
	check func(t testing.TB, s *subject)
}

func rules() []rule {
	return []rule{
		{"a key that was never set is a miss without an error", neverSet},
		{"what was set is got", setThenGet},
		{"a second set replaces the first", overwrite},
		{"what was deleted is a miss", deleted},
		{"to delete what is not there is no error", deleteAbsent},
		{"nil and empty values are hits", emptyValues},
		{"keys of any length are told apart", keyLengths},
		{"keys that differ in one byte are told apart", keyBytes},
		{"a value may hold any byte", valueBytes},
		{"a value may have any size up to the limit", valueSizes},
		{"a value that is too large is refused", tooLarge},
		{"a value that is too large costs no other entry its place", tooLargeBeside},
		{"a value that was got does not change", gotStays},
		{"a value that was set is not written to", givenStays},
		{"an entry with a long ttl stays", longTTL},
		{"a ttl below a second is accepted", shortTTL},
		{"many are got and set as one by one", many},
		{"usage is told in sensible figures", usage},
		{"add sets only what is not there", addAbsent},
		{"of several that add at once one does", addAtOnce},
		{"what was added is kept as what was set is", addKept},
		{"swap replaces only what is there", swapWhatIsThere},
		{"of several that swap at once one does", swapAtOnce},
		{"what is swapped is kept as what is set", swapKept},
		{"what was touched stays for longer", touchedStays},
		{"to touch what is not there brings nothing", touchAbsent},
		{"a lease has one owner", leaseOwned},
		{"of several that lock at once one does", leaseAtOnce},
		{"a lease is no entry of its key", leaseBeside},
		{"a lease is renewed by its owner", leaseRenewed},
		{"a lease ends by itself", leaseEnds},
		{"keys of any length can be locked", leaseKeys},
		{"to unlock what is not locked is no error", unlockAbsent},
		{"shards hold their keys", shardsHoldTheirKeys},
		{"shards can do what the whole can", shardsAreAble},
		{"concurrent calls do not mix up values", concurrent},
		{"each goroutine sees its own last write or nothing", ownWrites},
		{"a cancelled call returns and breaks nothing", cancelledBefore},
		{"a call cancelled on its way breaks nothing", cancelledAmid},
		{"close may be called twice", closeTwice},
		{"calls after close do not panic", afterClose},
		{"close beside other calls does not panic", closeAmid},
		{"a cache on it fills once", cacheFillsOnce},
		{"a cache on it keeps, replaces and deletes", cacheChanges},
		{"a cache on it serves nothing that was invalidated", cacheInvalidates},
		{"a cache on it shares entries and invalidations with other processes, unless it is of one", cacheShares},
		{"a cache on it returns what is too large and stores it not", cacheTooLarge},
		{"a cache on it adds and increments if nobody else writes", cacheSteps},
	}
}

func (r rule) run(t testing.TB, h Harness) {
	t.Helper()
	if h.Open == nil {
		t.Fatal("backendtest: Harness.Open is nil: want a func that returns a fresh backend")
	}
	if h.MaxValue == 0 {
		h.MaxValue = defaultMaxValue
	}
	if h.Patience == 0 {
		h.Patience = defaultPatience
	}
	b := h.Open(t)
	t.Cleanup(func() { b.Close() })
	r.check(t, &subject{Backend: b, Harness: h})
}
