package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// away is a store that cannot be reached, which its driver does not find out.
type away struct{ *fragmenttest.Conn }

func (away) Ping(ctx context.Context) error {
	<-ctx.Done()
	return errFill
}

func init() {
	fragment.Register("test-away", func(context.Context, *fragment.URL) (fragment.Backend, error) {
		return away{fragmenttest.NewServer().Connect()}, nil
	})
}

// A store that cannot be reached costs Open nothing, and is told of.
func TestOpenTellsOfAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		began := time.Now()
		c, err := fragment.Open(t.Context(), "test-away:", fragment.Options{Observe: w.observe})
		must(t, err)
		if took := time.Since(began); took != 0 {
			t.Errorf("Open took %v", took)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if told := w.events(fragment.EventFault); len(told) != 1 || told[0].Reason != "connect" || told[0].Err != errFill {
			t.Errorf("told %v, want a fault of connect", told)
		}
		must(t, c.Close())
	})
}
