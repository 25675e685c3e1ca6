package filebackend

import (
	"context"
	"errors"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

func init() { fragment.Register("file", open) }

const urlForm = "want three slashes and a path from the root on, such as file:///var/cache/site?max=1GiB"

func open(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
	switch {
	case u.Host != "" || u.User != nil:
		return nil, errors.New("a host is given, and files are on this machine: " + urlForm)
	case u.Opaque != "":
		return nil, errors.New("its path is relative: " + urlForm)
	case strings.Trim(u.Path, "/") == "":
		return nil, errors.New("no folder is given: " + urlForm)
	case strings.Contains(u.Path, "\x00"):
		return nil, errors.New("its path holds a zero byte: " + urlForm)
	}
	o := Options{
		Max:   u.Size("max", DefaultMax),
		Sweep: u.Duration("sweep", DefaultSweep),
	}
	if u.Err() == nil {
		if option, why := o.problem(); why != "" {
			u.Fail(strings.ToLower(option), why)
		}
	}
	if err := u.Err(); err != nil {
		return nil, err
	}
	return New(u.Path, o)
}
