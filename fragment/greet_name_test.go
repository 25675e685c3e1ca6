package fragment_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// unreachable is a Backend that cannot be reached, and says so at once.
type unreachable struct{ fragment.Backend }

func (unreachable) Ping(context.Context) error { return errors.New("no route") }

func init() {
	fragment.Register("zz-unreachable", func(context.Context, *fragment.URL) (fragment.Backend, error) {
		return unreachable{fragmenttest.NewServer().Connect()}, nil
	})
}

// With several caches it has to be told which of them it is.
func TestCacheThatCannotBeReachedIsNamed(t *testing.T) {
	for range 50 {
		told := make(chan string, 10)
		r := fragment.Registry{Observe: func(_ context.Context, e fragment.Event) {
			if e.Reason == "connect" {
				told <- e.Cache
			}
		}}
		must(t, r.OpenConfig(t.Context(), []byte(`{"pages": {"url": "zz-unreachable:"}, "data": {"url": "zz-unreachable:"}}`)))
		names := map[string]bool{<-told: true, <-told: true}
		if !names["pages"] || !names["data"] {
			t.Fatalf("told of %v, want pages and data", names)
		}
		must(t, r.Close())
	}
}
