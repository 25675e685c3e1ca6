package fragmenttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// Faults makes the backends that it wraps go wrong, and counts how often they
// did. Until Inject is called, all goes well. The zero value is ready, and must
// not be copied once in use.
type Faults struct {
	// Seed is of the dice that Chance, DelayUpTo, Flip and Truncate are cast
	// with. It must not be changed once in use. Calls that come one after the
	// other meet the same faults in every run.
	Seed uint64

	mu     sync.Mutex
	faults []*injected // guarded by mu, as what follows
	counts [len(effectNames)]int
	dice   *rand.Rand
}

// injected is a Fault in action.
type injected struct {
	Fault
	met, befallen int // the calls that it may befall, and those that it did
}

// Inject adds faults to those that were injected before. Of all that befall a
// call, delays add up, in this order, until the first that ends the call.
func (f *Faults) Inject(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.faults = append(f.faults, &injected{Fault: fault})
	}
}

// Stop ends all faults. Calls that are being delayed stay so.
func (f *Faults) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Count returns how often faults of some effects happened, or of all, so that a
// test can tell whether it has tested anything.
func (f *Faults) Count(effects ...Effect) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(effects) == 0 {
		for _, count := range f.counts {
			n += count
		}
	}
	for _, effect := range effects {
		n += f.counts[effect]
	}
	return n
}

// String lists what happened so far, as in "3 Fail, 1 Lose".
func (f *Faults) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var some []string
	for effect, count := range f.counts {
		if count > 0 {
			some = append(some, fmt.Sprint(count, " ", Effect(effect)))
		}
	}
	if len(some) == 0 {
		return "no faults"
	}
	return strings.Join(some, ", ")
}
