package fragment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// How the model fills, what goes wrong in that, and for how long it is kept.

func oneOf[T any](some ...T) T { return some[rand.IntN(len(some))] }

// policy is short-lived, so that entries also expire and go stale.
func (m *model) policy() fragment.Policy {
	const ms = time.Millisecond
	return fragment.Policy{
		TTL:             time.Duration(1+rand.IntN(20)) * ms,
		Stale:           oneOf(0, 0, ms, 10*ms, time.Minute),
		Jitter:          0.5,
		Early:           oneOf[float64](0, 0, 1, 50),
		Detach:          rand.IntN(4) == 0,
		Refresh:         rand.IntN(20) == 0,
		IgnoreInner:     rand.IntN(2) == 0,
		FillSoftTimeout: oneOf(0, 0, ms/5, 2*ms),
		FillTimeout:     oneOf(0, 0, 0, 10*ms),
		RetryAfter:      oneOf(-1, ms/2, 5*ms),
		NotFoundTTL:     oneOf(-1, 0, 5*ms),
		ErrorTTL:        oneOf(0, ms, 5*ms),
	}
}

// trouble is what may happen in a fill beside its work.
func trouble(ctx context.Context) error {
	for range rand.IntN(4) {
		runtime.Gosched()
	}
	switch rand.IntN(120) {
	case 0:
		return errFill
	case 1:
		panic("trouble")
	case 2:
		fragment.DoNotStore(ctx, "do not store")
	case 3:
		fragment.SkipStore(ctx, "skip store")
	case 4:
		fragment.SetTTL(ctx, oneOf[time.Duration](-1, time.Microsecond, 30*time.Millisecond))
	case 5:
		fragment.LimitTTL(ctx, oneOf[time.Duration](0, time.Millisecond))
	case 6, 7, 8, 9, 10, 11:
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
	}
	return ctx.Err()
}

// read is the query of one row; its tag is added before or after it.
func (m *model) read(ctx context.Context, row int) ([]byte, error) {
	early := rand.IntN(2) == 0
	if early && row < m.keyed {
		fragment.AddTags(ctx, tagOf(row))
	}
	before := trouble(ctx)
	text, err := m.query(row)
	if !early && row < m.keyed {
		runtime.Gosched()
		fragment.AddTags(ctx, tagOf(row))
	}
	if before != nil {
		return nil, fmt.Errorf("%s%w", text, before)
	}
	return text, err
}

// query shows the row as it is now. Each fifth version of it is that it is not
// there.
func (m *model) query(row int) ([]byte, error) {
	v := m.rows[row].version.Load()
	if v%5 == 4 {
		return nil, fmt.Errorf("%s%w", rowText(row, v), fragment.ErrNotFound)
	}
	return rowText(row, v), nil
}

// filled is read as a part of a fill of many.
func (m *model) filled(ctx context.Context, row int) (f fragment.Filled) {
	if row < m.keyed {
		f.Tags = []string{tagOf(row)}
	}
	f.Value, f.Err = m.query(row)
	switch rand.IntN(40) {
	case 0:
		f.Err = fmt.Errorf("%s%w", rowText(row, m.rows[row].version.Load()), errFill)
	case 1:
		f.Skip = "skip one of many"
	case 2:
		f.TTL = 30 * time.Millisecond
	case 3:
		for range rand.IntN(10) {
			runtime.Gosched()
		}
	}
	return f
}
