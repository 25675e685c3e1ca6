package fragmenttest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// everyFault is all that may go wrong short of lost deletes, after which what
// was deleted is still served.
var everyFault = []fragmenttest.Fault{
	{Does: fragmenttest.DelayUpTo, For: time.Second, Chance: 0.1},
	{Does: fragmenttest.Fail, Chance: 0.1},
	{Does: fragmenttest.FailLate, Chance: 0.1},
	{Does: fragmenttest.Panic, Chance: 0.1},
	{Does: fragmenttest.Lose, On: fragmenttest.Reads | fragmenttest.Writes, Chance: 0.1},
	{Does: fragmenttest.Flip, Chance: 0.2},
	{Does: fragmenttest.Truncate, Chance: 0.2},
	{Does: fragmenttest.Foreign, Chance: 0.2},
}

// TestCachesOutliveEveryFault has two processes ask for the same pages over
// backends on which everything goes wrong: each answer is right.
func TestCachesOutliveEveryFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := fragmenttest.NewServer(), &fragmenttest.Faults{Seed: 1}
		f.Inject(everyFault...)
		var all sync.WaitGroup
		for process := range 2 {
			c := open(t, f.Wrap(s.Connect()), fragment.Options{})
			dice := rand.New(rand.NewPCG(1, uint64(process)))
			all.Go(func() {
				for range 500 {
					page := fmt.Sprint("page ", dice.IntN(10))
					wantDo(t, c, fragment.KeyOf("page", page), page, page)
				}
			})
		}
		all.Wait()
		for _, fault := range everyFault {
			if f.Count(fault.Does) == 0 {
				t.Errorf("no fault %v happened: got %v", fault.Does, f)
			}
		}
		if got := s.Trips(); got.GetMany == 0 || got.Set == 0 {
			t.Errorf("got no calls of the server: %v", got)
		}
	})
}
