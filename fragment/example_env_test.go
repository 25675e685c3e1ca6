package fragment_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// The environment says which caches there are: CACHE_URL for one, CACHES for
// several. Without them this program uses a shelf of its own.
func ExampleRegistry_OpenEnv() {
	ctx := context.Background()
	os.Setenv("CACHES", `{
		"default": {"url": "shelf://?color=oak", "prefix": "shop", "ttl": "5m", "stale": "1h", "jitter": 0.1},
		"pages":   {"url": "null:"}
	}`)
	defer os.Unsetenv("CACHES")

	var caches fragment.Registry
	if err := caches.OpenEnv(ctx, "shelf://?size=64MiB"); err != nil {
		fmt.Println(err)
		return
	}
	defer caches.Close()

	fmt.Println(caches.Names())
	for _, warning := range caches.Warnings(fragment.WarnOptions{Production: true}) {
		fmt.Println("warning:", warning)
	}

	// Output:
	// [default pages]
	// warning: cache "pages" keeps nothing: give it a URL other than null: in production
}

// What is wrong is told by cache and field, and never shown.
func ExampleRegistry_OpenConfig() {
	var caches fragment.Registry
	for _, config := range []string{
		`{"pages": {"url": "shelf:", "ttl": 300}}`,
		`{"pages": {"url": "shelf:", "url": "null:"}}`,
		`{"pages": {"url": "shelf://:secret@cellar?colour=oak"}}`,
	} {
		fmt.Println(caches.OpenConfig(context.Background(), []byte(config)))
	}

	// Output:
	// fragment: configuration: cache "pages": field "ttl": want a duration such as "90s", "5m", "7d" or "forever"
	// fragment: configuration: cache "pages": "url" is there twice: write it once
	// fragment: configuration: cache "pages": fragment: open "shelf://cellar": unknown parameter "colour": shelf takes color, size
}

// What a text cannot say, or what is so unless it says otherwise, is the
// program's.
func ExampleRegistry_options() {
	caches := fragment.Registry{Options: func(name string) fragment.Options {
		return fragment.Options{Prefix: "shop:" + name, Policy: fragment.Policy{TTL: time.Hour}}
	}}
	err := caches.OpenConfig(context.Background(), []byte(`{"pages": {"url": "shelf:"}, "users": {"url": "shelf:", "ttl": "1m"}}`))
	fmt.Println(err, caches.Close())

	// Output: <nil> <nil>
}
