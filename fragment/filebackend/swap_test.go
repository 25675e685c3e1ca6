package filebackend_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

// TestSwapAcrossBackends has two Backends in one folder replace the same entry, small
// and large by turns: each swap that is done was of what the one before it wrote.
func TestSwapAcrossBackends(t *testing.T) {
	folder := inMemory(t)
	one, two := opened(t, folder, filebackend.Options{}), opened(t, folder, filebackend.Options{})
	const rounds = 200
	value := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 8+n%2*1000) }
	if err := one.Set(ctx, "key", value(0), ttl); err != nil {
		t.Fatal(err)
	}
	won := make(chan int, 2)
	for _, b := range []*filebackend.Backend{one, two} {
		go func() {
			wins := 0
			for n := range rounds {
				ok, err := b.Swap(ctx, "key", value(n), value(n+1), ttl)
				if err != nil {
					t.Errorf("Swap: got error %v, want none", err)
				}
				if ok {
					wins++
				}
			}
			won <- wins
		}()
	}
	if all := <-won + <-won; all != rounds {
		t.Errorf("%d swaps of %d values were done, want one of each", all, rounds)
	}
}

// TestExpireKeepsWhatIsServedIfTheRefillFails in files, too.
func TestExpireKeepsWhatIsServedIfTheRefillFails(t *testing.T) {
	c, err := fragment.New(opened(t, inMemory(t), filebackend.Options{}), fragment.Options{ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	k, p := fragment.KeyOf("page"), fragment.Policy{TTL: time.Hour, Stale: time.Hour}
	if err := c.Set(ctx, k, bytes.Repeat([]byte("old"), 1000), p); err != nil {
		t.Fatal(err)
	}
	if err := c.Expire(ctx, k); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Get(ctx, k); ok || err != nil {
		t.Errorf("Get after Expire: got %v, error %v, want a miss", ok, err)
	}
	got, err := c.Do(ctx, k, p, func(context.Context) ([]byte, error) { return nil, errors.New("the fill failed") })
	if len(got) != 3000 || err != nil {
		t.Errorf("Do whose fill fails after Expire: got %d bytes, error %v, want the value of before", len(got), err)
	}
}
