package fragment_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// numbered is an error that never has the same text twice.
func numbered(n int, cause error) error {
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000 + n}
	return fmt.Errorf("get %d: %w", n, &net.OpError{Op: "read", Net: "tcp", Source: local, Err: os.NewSyscallError("read", cause)})
}

// What keeps the Backend down is told once of each kind, also where only the tries
// of the cache itself find it out.
func TestEachKindOfFaultIsToldOnceWhileTheBackendIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults fragmenttest.Faults
		var seen fragmenttest.Recorder
		c := open(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{Observe: seen.Observe})
		n := 0
		fail := func(cause error) { // for a while, by errors that differ
			for range 8 {
				n++
				faults.Stop()
				faults.Inject(fragmenttest.Fault{Err: numbered(n, cause)})
				for range 5 {
					c.Get(t.Context(), fragment.KeyOf("k"))
				}
				time.Sleep(250 * time.Millisecond)
			}
		}
		tried := func() (causes []error) {
			for _, e := range seen.Events(fragment.EventFault) {
				if e.Reason == "try" {
					causes = append(causes, e.Err)
				}
			}
			return causes
		}
		want := func(what string, causes ...error) {
			t.Helper()
			if got := tried(); !slices.EqualFunc(got, causes, errors.Is) {
				t.Errorf("%s: tries told of %v, want %v", what, got, causes)
			}
		}
		wrong := errors.New("WRONGPASS")
		fail(syscall.ECONNREFUSED)
		want("what opened the breaker, still")
		fail(wrong)
		fail(syscall.ECONNREFUSED)
		fail(wrong)
		want("something else", wrong)
		faults.Stop()
		time.Sleep(5 * time.Second)
		seen.Reset()
		fail(wrong)
		fail(syscall.ECONNREFUSED)
		want("the next time", syscall.ECONNREFUSED)
	})
}
