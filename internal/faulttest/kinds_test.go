package faulttest_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// What any server may suffer.
var anywhere = []fault{
	{
		name: "killed and back", opens: true, lasts: 500 * time.Millisecond,
		begin: func(w *world) { w.server.Kill() },
		end:   func(w *world) { w.server.Restart() },
		tells: []string{"get: ", "set: "},
	},
	{
		name: "paused", opens: true, lasts: 500 * time.Millisecond,
		begin: func(w *world) { w.server.Signal(syscall.SIGSTOP) },
		end:   func(w *world) { w.server.Signal(syscall.SIGCONT) },
		tells: []string{"took too long", "deadline exceeded"},
	},
	{
		name: "connections reset amid replies", lasts: 600 * time.Millisecond,
		begin: func(w *world) { w.cutting() },
		end:   func(w *world) { w.proxy.CutAfter(-1) },
		tells: []string{"get: ", "set: "},
	},
	{
		name: "slow", opens: true, lasts: 500 * time.Millisecond,
		begin: func(w *world) { w.proxy.Delay(2 * readBudget) },
		end:   func(w *world) { w.proxy.Delay(0) },
		tells: []string{"took too long", "deadline exceeded"},
	},
}

// cutting resets connections in the middle of a reply, again and again for a while.
func (w *world) cutting() {
	for range 20 {
		w.proxy.CutAfter(rand.IntN(5000))
		time.Sleep(20 * time.Millisecond)
	}
}

func TestFaults(t *testing.T) {
	for _, on := range []layout{onRedis, onMemcached, onTiered} {
		for _, f := range anywhere {
			t.Run(on.name+"/"+f.name, func(t *testing.T) { f.test(t, on) })
		}
	}
}

// With a fallback, what differs is what is shown while nobody asks the server.
func TestFaultsWithAFallback(t *testing.T) {
	for _, f := range anywhere[:2] {
		t.Run(f.name, func(t *testing.T) { f.test(t, onFallback) })
	}
}
