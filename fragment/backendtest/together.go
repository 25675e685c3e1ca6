package backendtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"testing"
)

const goroutines = 8

// abreast runs f on several goroutines at once and waits for them. f reports
// by its error: a test must not be ended from another goroutine.
func abreast(t testing.TB, f func(worker int) error) {
	t.Helper()
	errs := make([]error, goroutines)
	var all sync.WaitGroup
	for worker := range goroutines {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[worker] = fmt.Errorf("got a panic: %v", p)
				}
			}()
			errs[worker] = f(worker)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// sealed is a value that proves which key it was set under, and to be whole.
func sealed(key string, salt, n int) []byte {
	value := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(key)))
	value = append(value, pattern(salt, n)...)
	return binary.LittleEndian.AppendUint32(value, crc32.ChecksumIEEE(value))
}

func isSealed(key string, value []byte) bool {
	if len(value) < 8 {
		return false
	}
	body, sum := value[:len(value)-4], binary.LittleEndian.Uint32(value[len(value)-4:])
	return crc32.ChecksumIEEE(body) == sum && binary.LittleEndian.Uint32(body) == crc32.ChecksumIEEE([]byte(key))
}

// getSealed gets a key that holds only sealed values.
func (s *subject) getSealed(ctx context.Context, key string) (value []byte, err error) {
	value, ok, err := s.Get(ctx, key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Get(%q): got error %w, want none", key, err)
	case ok && s.KeepsNothing:
		return nil, fmt.Errorf("Get(%q): got a hit: Harness.KeepsNothing is set", key)
	case ok && !isSealed(key, value):
		return nil, fmt.Errorf("Get(%q): got %s, which is not a whole value that was set there", key, show(value))
	}
	return value, nil
}

func concurrent(t testing.TB, s *subject) {
	ctx := context.Background()
	abreast(t, func(worker int) error {
		dice := rand.New(rand.NewPCG(1, uint64(worker)))
		for i := range 500 {
			key := fmt.Sprint("shared", dice.IntN(16))
			switch dice.IntN(8) {
			case 0:
				if err := s.Delete(ctx, key); err != nil {
					return fmt.Errorf("Delete(%q): got error %w, want none", key, err)
				}
			case 1, 2, 3:
				if err := s.Set(ctx, key, sealed(key, worker*1000+i, dice.IntN(2000)), ttl); err != nil {
					return fmt.Errorf("Set(%q): got error %w, want none", key, err)
				}
			default:
				if _, err := s.getSealed(ctx, key); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for i := range 16 {
		key := fmt.Sprint("shared", i)
		s.set(t, key, sealed(key, i, 100))
		s.want(t, key, sealed(key, i, 100))
	}
}

func ownWrites(t testing.TB, s *subject) {
	ctx := context.Background()
	abreast(t, func(worker int) error {
		key := fmt.Sprint("own", worker)
		for i := range 200 {
			value := sealed(key, i, 50+i)
			if err := s.Set(ctx, key, value, ttl); err != nil {
				return fmt.Errorf("Set(%q): got error %w, want none", key, err)
			}
			got, err := s.getSealed(ctx, key)
			if err != nil {
				return err
			}
			if got != nil && !bytes.Equal(got, value) {
				return fmt.Errorf("Get(%q) after Set: got %s, an older value", key, show(got))
			}
			if i%3 > 0 {
				continue
			}
			if err := s.Delete(ctx, key); err != nil {
				return fmt.Errorf("Delete(%q): got error %w, want none", key, err)
			}
			if got, err := s.getSealed(ctx, key); err != nil || got != nil {
				return fmt.Errorf("Get(%q) after Delete: got %s, error %v, want a miss", key, show(got), err)
			}
		}
		return nil
	})
}
