package backendtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

const maxKey = 200

// printable are the bytes that a key may be made of.
func printable() string {
	var all strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		all.WriteByte(c)
	}
	return all.String()
}

// wantApart sets each of keys to a value of its own and requires that all of
// them are kept, then deletes every second one.
func (s *subject) wantApart(t testing.TB, keys []string) {
	t.Helper()
	for _, key := range keys {
		s.set(t, key, []byte("of "+key))
	}
	for _, key := range keys {
		s.want(t, key, []byte("of "+key))
	}
	for i := 0; i < len(keys); i += 2 {
		s.delete(t, keys[i])
	}
	for i, key := range keys {
		if i%2 == 0 {
			s.wantMiss(t, key)
			continue
		}
		s.want(t, key, []byte("of "+key))
	}
}

func keyLengths(t testing.TB, s *subject) {
	all := strings.Repeat(printable(), 3)
	var keys []string
	for n := 1; n <= maxKey; n++ {
		keys = append(keys, all[:n])
	}
	s.wantApart(t, keys)
}

func keyBytes(t testing.TB, s *subject) {
	long := strings.Repeat("k", maxKey-1)
	var keys []string
	for _, c := range printable() {
		keys = append(keys, string(c), "key"+string(c), string(c)+"key", long+string(c))
	}
	s.wantApart(t, append(keys, "Key", "KEY", "kEY", "key/", "key/../key", "%6bey", "key%20", "key\\", "key~1"))
}

func valueBytes(t testing.TB, s *subject) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
		s.set(t, "one", []byte{byte(c)})
		s.want(t, "one", []byte{byte(c)})
		s.set(t, "many", []byte(strings.Repeat(string([]byte{byte(c)}), 300)))
		s.want(t, "many", []byte(strings.Repeat(string([]byte{byte(c)}), 300)))
	}
	s.set(t, "all", all)
	s.want(t, "all", all)
	for _, text := range []string{"\r\n", "END\r\n", "$-1\r\n", "nil", "*", "\x00", "{}"} {
		s.set(t, "text", []byte(text))
		s.want(t, "text", []byte(text))
	}
}

// valueSizes overwrites one key of each length, so that a small and a large
// value follow each other.
func valueSizes(t testing.TB, s *subject) {
	keys := []string{"k", strings.Repeat("k", maxKey)}
	for _, n := range s.sizes() {
		value := pattern(n, n)
		for _, key := range keys {
			s.set(t, key, value)
			s.want(t, key, value)
		}
	}
	for n := range 600 {
		s.set(t, "k", pattern(n, min(n, s.MaxValue)))
		s.want(t, "k", pattern(n, min(n, s.MaxValue)))
	}
}

// sizes are the powers of two and their neighbours, up and then down again.
func (s *subject) sizes() []int {
	var sizes []int
	for n := 1; n < s.MaxValue; n *= 2 {
		sizes = append(sizes, n-1, n, n+1)
	}
	sizes = append(sizes, s.MaxValue-1, s.MaxValue)
	for i := len(sizes) - 1; i >= 0; i -= 4 {
		sizes = append(sizes, sizes[i])
	}
	return sizes
}

func tooLarge(t testing.TB, s *subject) {
	if s.TooLarge == 0 {
		return
	}
	value := pattern(1, s.TooLarge)
	if err := s.Set(context.Background(), "new", value, ttl); !errors.Is(err, fragment.ErrTooLarge) {
		t.Errorf("Set of %d bytes: got error %v, want one that wraps fragment.ErrTooLarge", len(value), err)
	}
	s.wantMiss(t, "new")

	old := pattern(2, 100)
	s.set(t, "old", old)
	if err := s.Set(context.Background(), "old", value, ttl); !errors.Is(err, fragment.ErrTooLarge) {
		t.Errorf("Set of %d bytes over 100: got error %v, want one that wraps fragment.ErrTooLarge", len(value), err)
	}
	s.wantOneOf(t, "old", old)
	s.set(t, "old", pattern(3, 100))
	s.want(t, "old", pattern(3, 100))
}

func tooLargeBeside(t testing.TB, s *subject) {
	if s.TooLarge == 0 {
		return
	}
	key := func(i int) string { return fmt.Sprint("small", i) }
	for i := range 200 {
		s.set(t, key(i), pattern(i, 100))
	}
	value := pattern(1, s.TooLarge)
	for i := range 200 {
		s.Set(context.Background(), fmt.Sprint("large", i), value, ttl)
	}
	for i := range 200 {
		s.want(t, key(i), pattern(i, 100))
	}
}
