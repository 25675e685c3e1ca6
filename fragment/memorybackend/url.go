package memorybackend

import (
	"context"
	"errors"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

func init() { fragment.Register("memory", open) }

func open(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
	if u.Host != "" || u.Path != "" || u.Opaque != "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("there is no place to go to: want parameters alone, such as memory://?size=64MiB")
	}
	o := Options{Size: u.Size("size", DefaultSize)}
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
