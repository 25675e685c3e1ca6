package backendtest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A fault is a backend that breaks one rule of the suite, and maybe others.
type fault struct {
	does         string
	breaks       string
	open         func() fragment.Backend
	keepsNothing bool
}

const sharing = "a cache on it shares entries and invalidations with other processes, unless it is of one"

var errFault = errors.New("a fault of the backend")

var faults = []fault{
	{does: "reports a miss as an error", breaks: "a key that was never set is a miss without an error",
		open: getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			value, ok, _ := m.Get(ctx, key)
			if !ok {
				return nil, false, errFault
			}
			return value, true, nil
		})},
	{does: "hits whatever it is asked for", breaks: "a key that was never set is a miss without an error",
		open: getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			value, _, _ := m.Get(ctx, key)
			return value, true, nil
		})},
	{does: "takes away what is read", breaks: "what was set is got",
		open: getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			defer m.Delete(ctx, key)
			return m.Get(ctx, key)
		})},
	{does: "keeps what it should not", breaks: "what was set is got", keepsNothing: true,
		open: func() fragment.Backend { return newMemory() }},
	{does: "keeps the first value", breaks: "a second set replaces the first", open: setting(setOnce)},
	{does: "deletes the first key alone", breaks: "what was deleted is a miss",
		open: deleting(func(m *memory, ctx context.Context, keys []string) error {
			return m.Delete(ctx, keys[:min(len(keys), 1)]...)
		})},
	{does: "deletes by prefix", breaks: "what was deleted is a miss",
		open: deleting(func(m *memory, _ context.Context, keys []string) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			clear(m.m)
			return nil
		})},
	{does: "fails to delete what is not there", breaks: "to delete what is not there is no error",
		open: deleting(func(m *memory, ctx context.Context, keys []string) error {
			for _, key := range keys {
				if _, ok, _ := m.Get(ctx, key); !ok {
					return errFault
				}
			}
			return m.Delete(ctx, keys...)
		})},
	{does: "takes an empty value for a miss", breaks: "nil and empty values are hits",
		open: getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			value, ok, _ := m.Get(ctx, key)
			return value, ok && len(value) > 0, nil
		})},
	{does: "cuts long keys", breaks: "keys of any length are told apart",
		open: renaming(func(key string) string { return key[:min(len(key), 128)] })},
	{does: "ignores case", breaks: "keys that differ in one byte are told apart", open: renaming(strings.ToLower)},
	{does: "takes keys for paths", breaks: "keys that differ in one byte are told apart",
		open: renaming(func(key string) string { return strings.ReplaceAll(key, "/../key", "/") })},
	{does: "ends a value at a zero byte", breaks: "a value may hold any byte",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			value, _, _ = bytes.Cut(value, []byte{0})
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "counts sizes in 16 bits", breaks: "a value may have any size up to the limit",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			return m.Set(ctx, key, value[:len(value)&0xffff], ttl)
		})},
	{does: "has an error of its own for large values", breaks: "a value that is too large is refused",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if m.Set(ctx, key, value, ttl) != nil {
				return errFault
			}
			return nil
		})},
	{does: "cuts what is too large", breaks: "a value that is too large is refused", open: setting(setCut)},
	{does: "keeps half of what it refuses", breaks: "a value that is too large is refused",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			setCut(m, ctx, key, value, ttl)
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "drops all for what does not fit", breaks: "a value that is too large costs no other entry its place",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			err := m.Set(ctx, key, value, ttl)
			if err != nil {
				m.mu.Lock()
				defer m.mu.Unlock()
				clear(m.m)
			}
			return err
		})},
	{does: "reuses the slices it handed out", breaks: "a value that was got does not change",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if old, ok, _ := m.Get(ctx, key); ok && len(old) == len(value) {
				copy(old, value)
				return nil
			}
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "clears the slices it was given", breaks: "a value that was set is not written to",
		open: deleting(func(m *memory, ctx context.Context, keys []string) error {
			for _, key := range keys {
				value, _, _ := m.Get(ctx, key)
				clear(value)
			}
			return m.Delete(ctx, keys...)
		})},
	{does: "appends to the slices it was given", breaks: "a value that was set is not written to",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			return m.Set(ctx, key, append(value, "\r\n"...)[:len(value)], ttl)
		})},
	{does: "takes more than 30 days for a date", breaks: "an entry with a long ttl stays",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if ttl > 30*24*time.Hour {
				return nil
			}
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "lets the deadline overflow", breaks: "an entry with a long ttl stays",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if time.Now().UnixNano()+int64(ttl) < 0 {
				return nil
			}
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "refuses a ttl of zero seconds", breaks: "a ttl below a second is accepted",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if ttl/time.Second == 0 {
				return errFault
			}
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "lists what it has not found", breaks: "many are got and set as one by one",
		open: func() fragment.Backend {
			return faultyMany{able: able{newMemory()}, getMany: func(a able, keys []string) (map[string][]byte, error) {
				found := make(map[string][]byte)
				for _, key := range keys {
					found[key], _, _ = a.Get(context.Background(), key)
				}
				return found, nil
			}}
		}},
	{does: "takes what is empty for what is not there", breaks: "many are got and set as one by one",
		open: func() fragment.Backend { return faultyInto{able{newMemory()}} }},
	{does: "sets only some of many", breaks: "many are got and set as one by one",
		open: func() fragment.Backend {
			return faultyMany{able: able{newMemory()}, setMany: func(a able, items map[string][]byte) error {
				for key, value := range items {
					if len(value) > 0 {
						a.Set(context.Background(), key, value, time.Hour)
					}
				}
				return nil
			}}
		}},
	{does: "has used more than it has", breaks: "usage is told in sensible figures",
		open: func() fragment.Backend {
			return &faulty{memory: newMemory(), used: fragment.Usage{Bytes: 2, Capacity: 1}}
		}},
	{does: "does not know what it has used", breaks: "usage is told in sensible figures",
		open: func() fragment.Backend {
			return &faulty{memory: newMemory(), used: fragment.Usage{Entries: -1}}
		}},
	{does: "shares a buffer", breaks: "concurrent calls do not mix up values", open: sharingABuffer},
	{does: "serves an old value now and then", breaks: "each goroutine sees its own last write or nothing", open: servingOld},
	{does: "does not return once cancelled", breaks: "a cancelled call returns and breaks nothing",
		open: getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			if ctx.Err() != nil {
				select {}
			}
			return m.Get(ctx, key)
		})},
	{does: "stores half when cancelled", breaks: "a cancelled call returns and breaks nothing",
		open: setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if ctx.Err() != nil {
				value = value[:len(value)/2]
			}
			return m.Set(ctx, key, value, ttl)
		})},
	{does: "leaves an answer on its connection", breaks: "a call cancelled on its way breaks nothing", open: leavingAnswers},
	{does: "cannot be closed twice", breaks: "close may be called twice",
		open: func() fragment.Backend {
			var closed atomic.Bool
			return &faulty{memory: newMemory(), close: func(*memory) error {
				if closed.Swap(true) {
					return errFault
				}
				return nil
			}}
		}},
	{does: "panics once closed", breaks: "calls after close do not panic", open: panickingOnceClosed},
	{does: "hits once closed", breaks: "calls after close do not panic",
		open: func() fragment.Backend {
			return &faulty{memory: newMemory(), close: func(*memory) error { return nil }}
		}},
	{does: "panics when it is closed", breaks: "close beside other calls does not panic", open: panickingOnceClosed},
	{does: "forgets all", breaks: "a cache on it fills once",
		open: setting(func(*memory, context.Context, string, []byte, time.Duration) error { return nil })},
	{does: "keeps what is deleted", breaks: "a cache on it keeps, replaces and deletes",
		open: deleting(func(*memory, context.Context, []string) error { return nil })},
	{does: "cannot replace", breaks: "a cache on it serves nothing that was invalidated", open: setting(setOnce)},
	{does: "keeps the first stamps", breaks: sharing, open: distantly(setting(
		func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if isStamp(key) {
				return setOnce(m, ctx, key, value, ttl)
			}
			return m.Set(ctx, key, value, ttl)
		}))},
	{does: "loses stamps", breaks: sharing, open: distantly(setting(
		func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if isStamp(key) {
				return nil
			}
			return m.Set(ctx, key, value, ttl)
		}))},
	{does: "reads stamps from a replica that lags behind", breaks: sharing, open: laggingBehind},
	{does: "cuts a large entry", breaks: "a cache on it returns what is too large and stores it not", open: setting(setCut)},
	{does: "cannot count", breaks: "a cache on it adds and increments if nobody else writes", open: setting(setOnce)},
}
