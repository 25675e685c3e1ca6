package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/pongocache/pongocache/fragment"
)

// A Backend that is down breaks no page. It shows in the log, however often it
// fails, once a second.
func ExampleLogTo() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	caches := fragment.Registry{Observe: fragment.LogTo(logger)}

	cache, err := caches.Open(context.Background(), "pages", "down://", fragment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		page, err := cache.Do(context.Background(), fragment.KeyOf("home"), fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte("welcome"), nil
		})
		fmt.Println(string(page), err)
	}

	// Output:
	// level=WARN msg="cache fault" cache=pages name=home reason=get err="connection refused"
	// welcome <nil>
	// welcome <nil>
	// welcome <nil>
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "duration" {
		return slog.Attr{}
	}
	return a
}

// down is a Backend that cannot be read.
type down struct{ *shelf }

func (down) Get(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("connection refused")
}

func init() {
	fragment.Register("down", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		return down{newShelf()}, u.Err()
	})
}
