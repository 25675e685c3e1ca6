package memcachedbackend_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/internal/servers"
)

// bare is what a program without pongocache would use.
func bare(b *testing.B, addr string, keys ...string) *memcache.Client {
	b.Helper()
	client := beside(b, addr)
	client.MaxIdleConns = memcachedbackend.DefaultConns
	for _, key := range keys {
		if err := client.Set(&memcache.Item{Key: key, Value: pattern(1 << 10)}); err != nil {
			b.Fatal(err)
		}
	}
	return client
}

// repeat returns a side that calls one after another.
func repeat(b *testing.B, call func() error) func(n int) {
	return func(n int) {
		for range n {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkHit sets hits of 1 KB against bare ones of gomemcache: through this
// package alone, with and without a ctx that may end, and through the engine, which
// reads the stamps of the entry in the same trip.
func BenchmarkHit(b *testing.B) {
	s := servers.Memcached(b)
	client := bare(b, s.Addr, "key")
	baseline := repeat(b, func() error { _, err := client.Get("key"); return err })
	backend := opened(b, memcachedbackend.Options{}, s.Addr)
	bounded, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"backend": ctx, "backend, by a ctx with a deadline": bounded} {
		b.Run(name, func(b *testing.B) {
			ratio.Compare(b, baseline, repeat(b, func() error { _, _, err := backend.Get(ctx, "key"); return err }))
		})
	}
	c, err := fragment.New(backend, fragment.Options{ReadTimeout: 5 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	k := fragment.KeyOf("user", 42)
	for name, tags := range map[string][]string{"engine": nil, "engine, 2 tags": {"red", "blue"}} {
		if err := c.Set(ctx, k, pattern(1<<10), fragment.Policy{TTL: time.Hour, Tags: tags}); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			ratio.Compare(b, baseline, repeat(b, func() error {
				_, err := c.Do(ctx, k, fragment.Policy{}, noFill)
				return err
			}))
		})
	}
}

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// BenchmarkMany sets 100 entries of 1 KB, in one trip, against bare ones.
func BenchmarkMany(b *testing.B) {
	s := servers.Memcached(b)
	var keys []string
	items, ks := make(map[string][]byte), make([]fragment.Key, 100)
	entries := make(map[fragment.Key][]byte)
	for i := range ks {
		keys = append(keys, fmt.Sprint("key", i))
		items[keys[i]] = pattern(1 << 10)
		ks[i] = fragment.KeyOf("user", i)
		entries[ks[i]] = pattern(1 << 10)
	}
	client, backend := bare(b, s.Addr, keys...), opened(b, memcachedbackend.Options{}, s.Addr)
	whole := func(found int, err error) error {
		if err == nil && found != len(keys) {
			err = fmt.Errorf("got %d, want %d", found, len(keys))
		}
		return err
	}
	get := repeat(b, func() error { found, err := client.GetMulti(keys); return whole(len(found), err) })
	b.Run("get, backend", func(b *testing.B) {
		ratio.Compare(b, get, repeat(b, func() error { found, err := backend.GetMany(ctx, keys); return whole(len(found), err) }))
	})
	c, err := fragment.New(backend, fragment.Options{ReadTimeout: 5 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.SetMany(ctx, entries, fragment.Policy{TTL: time.Hour}); err != nil {
		b.Fatal(err)
	}
	b.Run("get, engine", func(b *testing.B) {
		ratio.Compare(b, get, repeat(b, func() error { found, err := c.GetMany(ctx, ks); return whole(len(found), err) }))
	})
	b.Run("set, backend against one by one", func(b *testing.B) {
		set := repeat(b, func() error {
			for _, key := range keys {
				if err := client.Set(&memcache.Item{Key: key, Value: items[key]}); err != nil {
					return err
				}
			}
			return nil
		})
		ratio.Compare(b, set, repeat(b, func() error { return backend.SetMany(ctx, items, ttl) }))
	})
}

// BenchmarkGoroutineACall is the way that was not taken: a goroutine to each
// call of gomemcache, to be left behind when ctx ends.
func BenchmarkGoroutineACall(b *testing.B) {
	client := bare(b, servers.Memcached(b).Addr, "key")
	bounded, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	ratio.Compare(b, repeat(b, func() error { _, err := client.Get("key"); return err }), repeat(b, func() error {
		done := make(chan error, 1)
		go func() {
			_, err := client.Get("key")
			done <- err
		}()
		select {
		case err := <-done:
			return err
		case <-bounded.Done():
			return bounded.Err()
		}
	}))
}

// BenchmarkAbreast has 32 goroutines ask at once, on 32 connections.
func BenchmarkAbreast(b *testing.B) {
	s := servers.Memcached(b)
	client, backend := bare(b, s.Addr, "key"), opened(b, memcachedbackend.Options{}, s.Addr)
	abreast := func(call func() error) func(n int) {
		return func(n int) {
			var all sync.WaitGroup
			for worker := range 32 {
				all.Go(func() {
					for i := worker; i < n; i += 32 {
						if err := call(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
		}
	}
	ratio.Compare(b, abreast(func() error { _, err := client.Get("key"); return err }),
		abreast(func() error { _, _, err := backend.Get(ctx, "key"); return err }))
}
