package fragmenttest

import (
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// local, adding and leasing are abilities of a wrapped Backend.
type (
	local   struct{}
	adding  struct{ w *wrapped }
	leasing struct{ w *wrapped }
)

func (local) InProcess() {}

// Add reports an addition that was lost as done.
func (a adding) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	done, err := a.w.f.around(ctx, Writes, func() error {
		added, err = a.w.b.(fragment.Adder).Add(ctx, key, value, ttl)
		return err
	})
	return err == nil && (added || !done), err
}

// Lock reports a lease that was lost as taken.
func (l leasing) Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	done, err := l.w.f.around(ctx, Leases, func() error {
		ok, err = l.w.b.(fragment.Locker).Lock(ctx, key, owner, ttl)
		return err
	})
	return err == nil && (ok || !done), err
}

func (l leasing) Unlock(ctx context.Context, key, owner string) error {
	_, err := l.w.f.around(ctx, Leases, func() error { return l.w.b.(fragment.Locker).Unlock(ctx, key, owner) })
	return err
}

// able returns w with the abilities of what is inside that are told by a method
// being there. A method is of a type, so each set of them needs a type.
func able(w *wrapped) fragment.Backend {
	_, adds := w.b.(fragment.Adder)
	_, leases := w.b.(fragment.Locker)
	if _, ok := w.b.(fragment.InProcess); ok {
		return ableLocal(w, adds, leases)
	}
	switch {
	case adds && leases:
		return struct {
			*wrapped
			adding
			leasing
		}{w, adding{w}, leasing{w}}
	case adds:
		return struct {
			*wrapped
			adding
		}{w, adding{w}}
	case leases:
		return struct {
			*wrapped
			leasing
		}{w, leasing{w}}
	}
	return w
}

// ableLocal is able for what is InProcess.
func ableLocal(w *wrapped, adds, leases bool) fragment.Backend {
	switch {
	case adds && leases:
		return struct {
			*wrapped
			local
			adding
			leasing
		}{w, local{}, adding{w}, leasing{w}}
	case adds:
		return struct {
			*wrapped
			local
			adding
		}{w, local{}, adding{w}}
	case leases:
		return struct {
			*wrapped
			local
			leasing
		}{w, local{}, leasing{w}}
	}
	return struct {
		*wrapped
		local
	}{w, local{}}
}
