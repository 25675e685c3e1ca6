package fragment_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// probing is a Backend whose reads take for ever, and are seen.
type probing struct {
	fragment.Backend
	seen chan context.Context
}

func (p probing) GetMany(ctx context.Context, _ []string) (map[string][]byte, error) {
	p.seen <- ctx
	<-ctx.Done()
	return nil, ctx.Err()
}

// A read has the values of its caller, and ends with him or with its budget,
// whichever is first.
func TestReadHasTheValuesAndTheEndOfItsCaller(t *testing.T) {
	type name struct{}
	synctest.Test(t, func(t *testing.T) {
		p := probing{hanging(), make(chan context.Context, 1)}
		c := open(t, p, fragment.Options{MaxFaults: -1})
		of := context.WithValue(context.WithoutCancel(t.Context()), name{}, "caller")
		within := func(d time.Duration) context.Context {
			ctx, cancel := context.WithTimeout(of, d)
			t.Cleanup(cancel)
			return ctx
		}
		wantRead(t, c, p, of, name{}, readBudget, context.DeadlineExceeded)
		wantRead(t, c, p, within(time.Hour), name{}, readBudget, context.DeadlineExceeded)
		wantRead(t, c, p, within(readBudget/4), name{}, readBudget/4, context.DeadlineExceeded)
		time.Sleep(readBudget)
		ended, end := context.WithCancel(of)
		time.AfterFunc(readBudget/2, end)
		wantRead(t, c, p, ended, name{}, readBudget/2, context.Canceled)
	})
}

func wantRead(t *testing.T, c *fragment.Cache, p probing, caller context.Context, name any, want time.Duration, wantErr error) {
	t.Helper()
	start := time.Now()
	c.Get(caller, fragment.KeyOf("k"))
	ctx := <-p.seen
	if d := time.Since(start); d != want {
		t.Errorf("the read took %v, want %v", d, want)
	}
	end, ok := ctx.Deadline()
	if ctx.Value(name) != "caller" || !ok || end.After(start.Add(readBudget)) || !errors.Is(ctx.Err(), wantErr) {
		t.Errorf("the read had the value %v, the deadline %v (%v), error %v, want %v", ctx.Value(name), end.Sub(start), ok, ctx.Err(), wantErr)
	}
}
