package backendtest_test

import (
	"context"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// The rules that several of abilityFaults break.
const (
	absent  = "add sets only what is not there"
	kept    = "what was added is kept as what was set is"
	owned   = "a lease has one owner"
	atOnce  = "of several that lock at once one does"
	beside  = "a lease is no entry of its key"
	renewed = "a lease is renewed by its owner"
	ends    = "a lease ends by itself"
	lengths = "keys of any length can be locked"
)

var background = context.Background()

// abilityFaults are those of backends that add and lock.
var abilityFaults = []fault{
	{does: "adds over what is there", breaks: absent,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			return true, a.Set(background, key, value, ttl)
		})},
	{does: "replaces what it says it has not added", breaks: absent,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			added, err := a.Add(background, key, value, ttl)
			if added || err != nil {
				return added, err
			}
			return false, a.Set(background, key, value, ttl)
		})},
	{does: "adds nothing again", breaks: absent, open: addingOnce},
	{does: "takes an empty value for none when it adds", breaks: absent,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			if before, ok, _ := a.Get(background, key); ok && len(before) == 0 {
				return true, a.Set(background, key, value, ttl)
			}
			return a.Add(background, key, value, ttl)
		})},
	{does: "has an error for what is there", breaks: absent,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			added, err := a.Add(background, key, value, ttl)
			if !added && err == nil {
				err = errFault
			}
			return added, err
		})},
	{does: "looks before it adds", breaks: "of several that add at once one does",
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			if _, there, _ := a.Get(background, key); there {
				return false, nil
			}
			time.Sleep(50 * time.Microsecond)
			return true, a.Set(background, key, value, ttl)
		})},
	{does: "cuts long keys when it adds", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			return a.Add(background, key[:min(len(key), 128)], value, ttl)
		})},
	{does: "refuses to add for zero seconds", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			if ttl/time.Second == 0 {
				return false, errFault
			}
			return a.Add(background, key, value, ttl)
		})},
	{does: "takes more than 30 days for a date when it adds", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			if ttl > 30*24*time.Hour {
				return true, nil
			}
			return a.Add(background, key, value, ttl)
		})},
	{does: "cuts what is too large to be added", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			return a.Add(background, key, value[:min(len(value), memoryLimit)], ttl)
		})},
	{does: "has an error of its own for what is too large to be added", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			added, err := a.Add(background, key, value, ttl)
			if err != nil {
				err = errFault
			}
			return added, err
		})},
	{does: "ends added values in its own way", breaks: kept,
		open: adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
			return a.Add(background, key, append(value, "\r\n"...)[:len(value)], ttl)
		})},

	{does: "leases to everybody", breaks: owned,
		open: locking(func(able, string, string, time.Duration) (bool, error) { return true, nil })},
	{does: "leases to nobody", breaks: owned,
		open: locking(func(able, string, string, time.Duration) (bool, error) { return false, nil })},
	{does: "has an error for who has no lease", breaks: owned,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			ok, _ := a.Lock(background, key, owner, ttl)
			if !ok {
				return false, errFault
			}
			return true, nil
		})},
	{does: "ignores the case of owners", breaks: owned,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			return a.Lock(background, key, strings.ToLower(owner), ttl)
		})},
	{does: "unlocks for anybody", breaks: owned,
		open: unlocking(func(a able, key, _ string) error { a.free(key); return nil })},
	{does: "unlocks for nobody", breaks: owned,
		open: unlocking(func(able, string, string) error { return nil })},
	{does: "has one lease for all keys", breaks: owned, open: leasing(func(string) string { return "all" })},
	{does: "looks before it locks", breaks: atOnce,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			if holder, held := a.holder(key); held && holder != owner {
				return false, nil
			}
			time.Sleep(50 * time.Microsecond)
			a.free(key)
			return a.Lock(background, key, owner, ttl)
		})},
	{does: "keeps leases among entries", breaks: beside,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			return a.Add(background, key, []byte(owner), ttl)
		})},
	{does: "deletes the entry of what it unlocks", breaks: beside,
		open: unlocking(func(a able, key, owner string) error {
			a.Delete(background, key)
			return a.Unlock(background, key, owner)
		})},
	{does: "unlocks what is deleted", breaks: beside,
		open: func() fragment.Backend {
			return &faultyAble{able: able{newMemory()}, delete: func(a able, keys []string) { a.free(keys...) }}
		}},
	{does: "refuses the owner", breaks: renewed,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			if _, held := a.holder(key); held {
				return false, nil
			}
			return a.Lock(background, key, owner, ttl)
		})},
	{does: "does not prolong a lease", breaks: renewed,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			if holder, held := a.holder(key); held {
				return holder == owner, nil
			}
			return a.Lock(background, key, owner, ttl)
		})},
	{does: "leases for ever", breaks: ends,
		open: locking(func(a able, key, owner string, _ time.Duration) (bool, error) {
			return a.Lock(background, key, owner, time.Hour)
		})},
	{does: "leases for a moment", breaks: ends,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			return a.Lock(background, key, owner, ttl/4)
		})},
	{does: "refuses a lease for zero seconds", breaks: ends,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			if ttl/time.Second == 0 {
				return false, errFault
			}
			return a.Lock(background, key, owner, ttl)
		})},
	{does: "cuts long keys of leases", breaks: lengths,
		open: leasing(func(key string) string { return key[:min(len(key), 128)] })},
	{does: "ignores case in keys of leases", breaks: lengths, open: leasing(strings.ToLower)},
	{does: "has no room for a prefix", breaks: lengths,
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			if len("lock:"+key) > 200 {
				return false, errFault
			}
			return a.Lock(background, key, owner, ttl)
		})},
	{does: "fails to unlock what is not locked", breaks: "to unlock what is not locked is no error",
		open: unlocking(func(a able, key, owner string) error {
			if _, held := a.holder(key); !held {
				return errFault
			}
			return a.Unlock(background, key, owner)
		})},
	{does: "adds half when cancelled", breaks: "a cancelled call returns and breaks nothing",
		open: func() fragment.Backend { return halving{able{newMemory()}} }},
	{does: "panics once closed when it locks", breaks: "calls after close do not panic",
		open: locking(func(a able, key, owner string, ttl time.Duration) (bool, error) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.m[key+"!lease"] = []byte(owner)
			return true, nil
		})},
}
