package flight

import (
	"sync"
	"testing"
	"time"
)

type lead = func(*Node) Result[string]

// patient is the Wait of a caller outside of any flight.
var patient = Wait{Bound: 10 * time.Second}

// within is the Wait of a caller inside of the flight n.
func within(n *Node) Wait { return Wait{Inside: n, Bound: 10 * time.Second} }

// after leads to a value after d.
func after(d time.Duration, value string) lead {
	return func(*Node) Result[string] {
		time.Sleep(d)
		return Result[string]{Value: value}
	}
}

// want tests one call of Do.
func (g *tested) want(w Wait, key string, f lead, value string, outcome Outcome) {
	g.t.Helper()
	got, how := g.Do(g.t.Context(), key, w, f)
	if got.Value != value || how != outcome {
		g.t.Errorf("Do(%q) = %q, outcome %d, want %q, %d", key, got.Value, how, value, outcome)
	}
}

// A tested group fails its test if anything is left of its flights.
type tested struct {
	Group[string]
	t  *testing.T
	wg sync.WaitGroup
}

func newTested(t *testing.T) *tested { return &tested{t: t} }

// end waits for what was started, and tests that no call is left.
func (g *tested) end() {
	g.t.Helper()
	g.wg.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.calls) != 0 {
		g.t.Errorf("%d calls are left", len(g.calls))
	}
}

// wantNoWaits tests that a node, and those around it, wait for nobody.
func wantNoWaits(t *testing.T, n *Node) {
	t.Helper()
	graph.Lock()
	defer graph.Unlock()
	for ; n != nil; n = n.parent {
		if len(n.waits) != 0 {
			t.Errorf("a node is left waiting for %d others", len(n.waits))
		}
	}
}
