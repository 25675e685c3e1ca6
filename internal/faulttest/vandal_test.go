package faulttest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	randv2 "math/rand/v2"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// vandalize writes over all keys of the sites, entries and stamps alike, several
// times, as another program does that takes them for its own.
func vandalize(w *world) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{w.server.Addr}, DisableCache: true})
	if err != nil {
		w.Fatal(err)
	}
	defer client.Close()
	for range 8 {
		keys, err := client.Do(context.Background(), client.B().Keys().Pattern("fault*").Build()).AsStrSlice()
		if err != nil || len(keys) == 0 {
			w.Fatalf("the sites have %d keys, %v", len(keys), err)
		}
		for _, key := range keys {
			if err := spoil(client, key, keys[randv2.IntN(len(keys))]); err != nil {
				w.Fatal(err)
			}
		}
		time.Sleep(80 * time.Millisecond)
	}
}

// spoil replaces what is under key, perhaps by what is under other.
func spoil(client rueidis.Client, key, other string) error {
	ctx := context.Background()
	raw, err := client.Do(ctx, client.B().Get().Key(key).Build()).AsBytes()
	if err != nil || len(raw) == 0 {
		raw = []byte("nothing")
	}
	damaged := append([]byte(nil), raw...)
	switch kind := randv2.IntN(7); {
	case kind == 0:
		damaged = damaged[:randv2.IntN(len(damaged))]
	case kind == 1:
		damaged[randv2.IntN(len(damaged))] ^= 1 << randv2.IntN(8)
	case kind == 2:
		rand.Read(damaged)
	case kind == 3:
		damaged = []byte(`{"page": "of another program"}`)
	case kind == 4 && !strings.Contains(key+other, "!"): // stamps would be ours still
		if damaged, err = client.Do(ctx, client.B().Get().Key(other).Build()).AsBytes(); err != nil {
			return nil // it holds no string any more, or is gone
		}
	case kind == 5: // another type
		client.Do(ctx, client.B().Del().Key(key).Build())
		client.Do(ctx, client.B().Rpush().Key(key).Element("of", "another", "program").Build()) // unless a site was faster
		return nil
	default:
		return nil
	}
	if err := client.Do(ctx, client.B().Set().Key(key).Value(string(damaged)).Build()).Error(); err != nil {
		return fmt.Errorf("a key cannot be written over: %w", err)
	}
	return nil
}
