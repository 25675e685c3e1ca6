package fragment_test

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// shelf is a whole Backend. It keeps all it is given: a real one is bounded.
type shelf struct{ entries sync.Map }

func newShelf() *shelf { return new(shelf) }

func (s *shelf) Get(_ context.Context, key string) ([]byte, bool, error) {
	value, ok := s.entries.Load(key)
	if !ok {
		return nil, false, nil
	}
	return value.([]byte), true, nil
}

func (s *shelf) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.entries.Store(key, value)
	return nil
}

func (s *shelf) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		s.entries.Delete(key)
	}
	return nil
}

func (s *shelf) Close() error { return nil }

// InProcess says that nobody else writes to it.
func (s *shelf) InProcess() {}

// A backend of one's own needs four methods; the engine does the rest.
func ExampleBackend() {
	cache, err := fragment.New(newShelf(), fragment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer cache.Close()

	ctx, key := context.Background(), fragment.KeyOf("greeting", "en")
	if err := cache.Set(ctx, key, []byte("hello"), fragment.Policy{TTL: time.Minute}); err != nil {
		log.Fatal(err)
	}
	value, ok, err := cache.Get(ctx, key)
	fmt.Println(string(value), ok, err)

	// Output: hello true <nil>
}
