package memcachedbackend

import (
	"context"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// maxTurns is how often a lease may change under the eyes of who wants it.
const maxTurns = 10

// Lock implements fragment.Locker. A lease lasts for whole seconds: ttl, rounded
// up, and up to one more. Each step of it is one that memcached takes as a whole:
//
//	there is no lease      add it
//	it is owner's          renew it, unless it has changed since that was seen
//	it is another's        no
//
// Where the server was started with -C it cannot compare, and what is another's since
// the moment before may be renewed, or by Unlock ended: then two fill at once.
func (b *Backend) Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	name, s := leaseName(key), b.server(nameOf(key)) // with its entry, so that it does not fail without it
	lease := wire.Command{Key: name, Value: []byte(owner), Expires: leaseExpires(ttl, time.Now())}
	for turn := range maxTurns {
		lease.Op, lease.CAS = wire.Add, 0
		added, err := s.did(ctx, &lease)
		if err != nil && turn == 0 && ctx.Err() == nil {
			continue // the connection was dead; if not, and it was added, owner has it
		}
		if added || err != nil {
			return added, err
		}
		renewed, changed, err := s.renew(ctx, &lease)
		if !changed {
			return renewed, err
		}
	}
	return false, fmt.Errorf("memcachedbackend: lock at %s: the lease has changed %d times meanwhile", s.name, maxTurns)
}

// renew gives a lease a new life if its owner has it. It reports changed if it was
// seen to be another one, or none, from one moment to the next.
func (s *server) renew(ctx context.Context, lease *wire.Command) (renewed, changed bool, err error) {
	held, err := s.one(ctx, wire.Command{Op: wire.Get, Key: lease.Key})
	switch {
	case err != nil:
		return false, false, err
	case held.Status == wire.Missing: // it has just ended
		return false, true, nil
	case string(held.Value) != string(lease.Value):
		return false, false, nil
	}
	if lease.Op, lease.CAS = wire.Swap, held.CAS; held.CAS == 0 {
		lease.Op = wire.Touch
	}
	renewed, err = s.did(ctx, lease)
	return renewed, err == nil && !renewed, err
}

// Unlock implements fragment.Locker.
func (b *Backend) Unlock(ctx context.Context, key, owner string) error {
	name, s := leaseName(key), b.server(nameOf(key))
	held, err := s.one(ctx, wire.Command{Op: wire.Get, Key: name})
	if err != nil || held.Status == wire.Missing || string(held.Value) != owner {
		return err
	}
	if held.CAS == 0 {
		return s.delete(ctx, name)
	}
	// If it changes before this, then it has ended or its owner has renewed it at
	// the same time, and may mean to keep it.
	_, err = s.did(ctx, &wire.Command{Op: wire.Drop, Key: name, CAS: held.CAS})
	return err
}
