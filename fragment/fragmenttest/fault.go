package fragmenttest

import (
	"errors"
	"time"
)

// ErrInjected is the error of a Fault that has none of its own.
var ErrInjected = errors.New("fragmenttest: injected fault")

// A Fault is one thing that goes wrong, on which calls, and how often. The zero
// value fails every call with ErrInjected.
type Fault struct {
	Does Effect
	On   Calls // zero is all that Does can befall

	// Err is what Fail and FailLate return. Nil is ErrInjected.
	Err error
	// For is how long Delay waits, and DelayUpTo at most.
	For time.Duration

	// Of the calls named by On, it befalls each Every-th, as long as it befell
	// fewer than Times, and each of these with the probability Chance. What is
	// zero does not restrict: the zero values mean every call.
	Every  int
	Times  int
	Chance float64
}

func (f *Fault) err() error {
	if f.Err != nil {
		return f.Err
	}
	return ErrInjected
}

// Effect is what a Fault does.
type Effect int

// The effects. Fail to Lose befall calls. Flip, Truncate and Foreign befall each
// value that Reads find, one by one, unless it is empty.
//
// A write or a delete that is lost breaks what a Backend promises: an older
// value may stay, and be served.
const (
	Fail      Effect = iota // return an error and do nothing
	FailLate                // do what was asked, and return an error all the same
	Panic                   // panic, and do nothing
	Delay                   // wait first, for Fault.For or until ctx ends, which is an error
	DelayUpTo               // Delay for a random part of Fault.For
	Lose                    // report success, and do nothing; what reads finds nothing
	Flip                    // change one bit of what is read, at random
	Truncate                // cut what is read, at random
	Foreign                 // return what some other program might have stored there
)

var effectNames = [...]string{
	Fail: "Fail", FailLate: "FailLate", Panic: "Panic", Delay: "Delay", DelayUpTo: "DelayUpTo",
	Lose: "Lose", Flip: "Flip", Truncate: "Truncate", Foreign: "Foreign",
}

// String returns the name of the constant.
func (e Effect) String() string {
	if e >= 0 && int(e) < len(effectNames) {
		return effectNames[e]
	}
	return "unknown"
}

func (e Effect) damages() bool { return e == Flip || e == Truncate || e == Foreign }

// Calls are kinds of calls, joined by |. Close and Usage never go wrong.
type Calls uint

// The kinds of calls.
const (
	Reads   Calls = 1 << iota // Get and GetMany
	Writes                    // Set, SetMany, Add, Swap and Touch
	Deletes                   // Delete
	Leases                    // Lock and Unlock
)
