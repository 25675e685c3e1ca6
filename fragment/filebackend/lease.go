package filebackend

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// A lease is a record of the table, whose value is a hash of its owner. It is
// looked at and taken under the lock of its shard, so that of several who find
// one out of time one takes it over.

// Lock implements fragment.Locker.
func (b *Backend) Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	p, of := leaseOf(key), sha256.Sum256([]byte(owner))
	err = b.locked(ctx, &p, func(s *shard, _ *directory) error {
		r, there, err := s.table.find(&p)
		if err != nil || there && r.value != of {
			return err
		}
		ok = true
		return s.table.put(&p, newRecord(p, of[:], deadlineOf(ttl)))
	})
	if err != nil {
		return false, fmt.Errorf("filebackend: lock: %w", err)
	}
	return ok, nil
}

// Unlock implements fragment.Locker.
func (b *Backend) Unlock(ctx context.Context, key, owner string) error {
	p, of := leaseOf(key), sha256.Sum256([]byte(owner))
	err := b.locked(ctx, &p, func(s *shard, _ *directory) error {
		r, there, err := s.table.find(&p)
		if err != nil || !there || r.value != of {
			return err
		}
		return s.table.remove(&p)
	})
	if err != nil {
		return fmt.Errorf("filebackend: unlock: %w", err)
	}
	return nil
}
