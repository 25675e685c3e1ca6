package fragment

import "errors"

var (
	// ErrClosed is returned by the methods of a Cache, other than Do, after Close.
	ErrClosed = errors.New("fragment: the cache is closed")
	// ErrNotOpen is returned by the writing methods of a Cache that was
	// declared by Registry.Cache and is not opened yet.
	ErrNotOpen = errors.New("fragment: the cache is declared but not opened: call Registry.Open or Registry.Use with its name")
	// ErrTooLarge is wrapped by the error of a write whose value is above the
	// limit of the Cache or of its Backend.
	ErrTooLarge = errors.New("fragment: the value is too large to be stored")
	// ErrNilFill is returned by Do without a fill.
	ErrNilFill = errors.New("fragment: Do needs a fill: a func(context.Context) ([]byte, error) that computes the value")
)

// errNoEntry is the fault of bytes under one of our keys that are no entry of
// ours, or not a whole one.
var errNoEntry = errors.New("fragment: what the backend holds is no entry of this version")
