package redisbackend_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/internal/servers"
)

// atOnce lets so many goroutines do a share of n runs each.
func atOnce(goroutines int, run func() error) func(n int) {
	return func(n int) {
		var all sync.WaitGroup
		for worker := range goroutines {
			all.Go(func() {
				for range n*(worker+1)/goroutines - n*worker/goroutines {
					if err := run(); err != nil {
						panic(err)
					}
				}
			})
		}
		all.Wait()
	}
}

// bare is what a program without pongocache would write: a client with its
// defaults, and no more than that.
func bare(b *testing.B, addr string) rueidis.Client {
	b.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// BenchmarkHit sets a hit of 2 KiB through the engine, which asks for the stamps of
// invalidations in the same trip, a bare MGET of as many keys, and a hit through
// the Backend alone, against a bare GET of as many bytes.
func BenchmarkHit(b *testing.B) {
	s := servers.Redis(b)
	c, k := bare(b, s.Addr), fragment.KeyOf("page", 42)
	value := make([]byte, 2<<10)
	if err := c.Do(ctx, c.B().Set().Key("page").Value(rueidis.BinaryString(value)).Build()).Error(); err != nil {
		b.Fatal(err)
	}
	get := func() error { return c.Do(ctx, c.B().Get().Key("page").Build()).Error() }
	mget := func() error { return c.Do(ctx, c.B().Mget().Key("page", "a", "b", "c").Build()).Error() }
	for name, o := range map[string]redisbackend.Options{"plain": {}, "watching": modes["tracking"]} {
		backend := dialed(b, s.Addr, o)
		if name == "watching" {
			watching(b, backend)
		}
		cache, err := fragment.New(backend, fragment.Options{ReadTimeout: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		if err := cache.Set(ctx, k, value, fragment.Policy{}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(3 * time.Second) // a connection is watched closely while it is new
		do := func() error { _, err := cache.Do(ctx, k, fragment.Policy{}, noFill); return err }
		alone := func() error { _, _, err := backend.Get(ctx, "page"); return err }
		for _, goroutines := range []int{1, 32} {
			for what, run := range map[string]func() error{"Cache.Do": do, "MGET of 4": mget, "Backend.Get": alone} {
				b.Run(fmt.Sprintf("%s/%s/goroutines=%d", what, name, goroutines), func(b *testing.B) {
					ratio.Compare(b, atOnce(goroutines, get), atOnce(goroutines, run))
				})
			}
		}
	}
}
