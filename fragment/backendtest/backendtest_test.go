package backendtest_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
)

func TestGoodBackendsPass(t *testing.T) {
	tests := map[string]func() fragment.Backend{
		"memory":  func() fragment.Backend { return newMemory() },
		"able":    func() fragment.Backend { return able{newMemory()} },
		"distant": func() fragment.Backend { return distant{newMemory()} },
		"server":  func() fragment.Backend { return newServer() },
		"pair":    func() fragment.Backend { return newPair() },
	}
	for name, open := range tests {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Open:     func(testing.TB) fragment.Backend { return open() },
				MaxValue: memoryLimit,
				TooLarge: memoryLimit + 1,
			})
		})
	}
}

func TestNull(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		Open:         func(testing.TB) fragment.Backend { return fragment.Null() },
		KeepsNothing: true,
	})
}

// TestSuiteCatchesFaults runs each rule over backends that break it, and
// requires that it fails on every one.
func TestSuiteCatchesFaults(t *testing.T) {
	for _, f := range slices.Concat(faults, abilityFaults, touchFaults, swapFaults, shardFaults) {
		t.Run(f.does, func(t *testing.T) {
			h := backendtest.Harness{
				Open:         func(testing.TB) fragment.Backend { return f.open() },
				KeepsNothing: f.keepsNothing,
				MaxValue:     memoryLimit,
				TooLarge:     memoryLimit + 1,
				Patience:     200 * time.Millisecond,
			}
			if said := failures(t, h, f.breaks); len(said) == 0 {
				t.Errorf("a backend that %s: got no failure of the rule %q, want one", f.does, f.breaks)
			}
		})
	}
}

func TestEveryRuleIsBrokenByAFault(t *testing.T) {
	names := backendtest.RuleNames()
	var broken []string
	for _, f := range slices.Concat(faults, abilityFaults, touchFaults, swapFaults, shardFaults) {
		broken = append(broken, f.breaks)
		if !slices.Contains(names, f.breaks) {
			t.Errorf("a fault breaks the rule %q, which is not there", f.breaks)
		}
	}
	for _, name := range names {
		if !slices.Contains(broken, name) {
			t.Errorf("no fault breaks the rule %q", name)
		}
	}
}

func TestHarnessWithoutOpen(t *testing.T) {
	if said := failures(t, backendtest.Harness{}, backendtest.RuleNames()[0]); len(said) != 1 {
		t.Errorf("got %q, want one failure that names Open", said)
	}
}

// failures runs a rule on a recorder and returns what it complains of.
func failures(t *testing.T, h backendtest.Harness, rule string) []string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // which Fatal may end
		defer close(done)
		backendtest.Check(r, h, rule)
	}()
	<-done
	return r.said
}

// recorder is a testing.TB that notes failures in place of failing.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) { r.said = append(r.said, fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) { r.Error(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }
