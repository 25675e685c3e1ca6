package bigcachebackend

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

func init() { fragment.Register("bigcache", open) }

func open(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
	if u.Host != "" || u.Path != "" || u.Opaque != "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("there is no place to go to: want parameters alone, such as bigcache://?size=64MiB")
	}
	o := Options{
		Size:        u.Size("size", DefaultSize),
		Shards:      shards(u),
		Preallocate: u.Bool("preallocate", false),
	}
	if u.Err() == nil {
		if option, why := o.problem(); why != "" {
			u.Fail(strings.ToLower(option), why)
		}
	}
	if err := u.Err(); err != nil {
		return nil, err
	}
	return New(o)
}

// shards returns the parameter of that name, 0 for auto.
func shards(u *fragment.URL) int {
	text := u.String("shards", "auto")
	if text == "auto" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		u.Fail("shards", "is "+strconv.Quote(text)+": want auto or a power of two, such as 1, 16 or 64")
	}
	return n
}
