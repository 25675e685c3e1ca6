package encrypt_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/fragment/compress"
	"github.com/pongocache/pongocache/fragment/encrypt"
)

// A cache whose entries are compressed, then encrypted with a key of the
// environment.
func Example() {
	// What starts the program does this, with the output of
	// openssl rand -base64 32.
	os.Setenv("CACHE_KEY", "c2V0IGEgcmFuZG9tIGtleSwgYW5kIG5vdCB0aGlzIG8=")

	ctx := context.Background()
	key, err := encrypt.ParseKey(os.Getenv("CACHE_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	secret, err := encrypt.New(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	small, err := compress.New(compress.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := fragment.Open(ctx, "bigcache://?size=64MiB", fragment.Options{
		Transforms: []fragment.Transform{small, secret},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	for range 2 {
		value, err := cache.Do(ctx, fragment.KeyOf("balance", 42), fragment.Policy{}, func(context.Context) ([]byte, error) {
			fmt.Println("computed")
			return []byte("1,000.00"), nil
		})
		fmt.Println(string(value), err)
	}

	// Output:
	// computed
	// 1,000.00 <nil>
	// 1,000.00 <nil>
}

// A key that is replaced: its entries open as long as it is named.
func ExampleNew() {
	old, latest := bytes.Repeat([]byte{1}, encrypt.KeySize), bytes.Repeat([]byte{2}, encrypt.KeySize)
	before, err := encrypt.New(old)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, _ := before.Seal("balance/42", []byte("1,000.00"))

	replaced, err := encrypt.New(latest, old)
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := replaced.Open("balance/42", stored)
	fmt.Println(string(value), err)

	dropped, err := encrypt.New(latest)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dropped.Open("balance/42", stored)
	fmt.Println(err)

	// Output:
	// 1,000.00 <nil>
	// encrypt: open: what is stored was sealed with a key that New was not given
}

// What was stored for one key does not open under another.
func ExampleTransform() {
	secret, err := encrypt.New(bytes.Repeat([]byte{1}, encrypt.KeySize))
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, _ := secret.Seal("balance/42", []byte("1,000.00"))
	_, err = secret.Open("balance/43", stored)
	fmt.Println(err)

	// Output: encrypt: open: what is stored was changed, made up, or moved to another key of the backend
}

// A variable that is not set is an error that says what to do.
func ExampleParseKey() {
	_, err := encrypt.ParseKey(os.Getenv("CACHE_KEY_THAT_IS_NOT_SET"))
	fmt.Println(err)

	// Output: encrypt: parse key: there is no text: want 32 bytes as base64 or hex, such as openssl rand -base64 32 prints
}
