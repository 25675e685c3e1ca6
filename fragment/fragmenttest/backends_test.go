package fragmenttest_test

import (
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var (
	_ fragment.InProcess  = (*fragmenttest.Memory)(nil)
	_ fragment.ManyGetter = (*fragmenttest.Conn)(nil)
	_ fragment.ManySetter = (*fragmenttest.Conn)(nil)
	_ fragment.Adder      = (*fragmenttest.Conn)(nil)
	_ fragment.Locker     = (*fragmenttest.Conn)(nil)
)

func TestBackendsKeepWhatTheInterfacePromises(t *testing.T) {
	tests := map[string]func() fragment.Backend{
		"Memory":          func() fragment.Backend { return fragmenttest.NewMemory() },
		"a connection":    func() fragment.Backend { return fragmenttest.NewServer().Connect() },
		"wrapped Memory":  func() fragment.Backend { return new(fragmenttest.Faults).Wrap(fragmenttest.NewMemory()) },
		"wrapped, remote": func() fragment.Backend { return new(fragmenttest.Faults).Wrap(fragmenttest.NewServer().Connect()) },
	}
	for name, open := range tests {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{Open: func(testing.TB) fragment.Backend { return open() }})
		})
	}
}
