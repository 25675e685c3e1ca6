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
	// ErrNotFound is wrapped by the error of a fill that looked for something
	// and knows that it is not there: an answer like a value, which is kept for
	// Policy.NotFoundTTL. Then Do and Get return an error with the same text
	// that wraps ErrNotFound too.
	ErrNotFound = errors.New("not found")
	// ErrFillTimeout is the cause of the ctx of a fill that ran past
	// Policy.FillTimeout.
	ErrFillTimeout = errors.New("fragment: the fill ran past Policy.FillTimeout")
	// ErrNilFill is returned by Do without a fill.
	ErrNilFill = errors.New("fragment: Do needs a fill: a func(context.Context) ([]byte, error) that computes the value")
)

// errNoEntry is the fault of bytes under one of our keys that are no entry of
// ours, or not a whole one.
var errNoEntry = errors.New("fragment: what the backend holds is no entry of this version")
