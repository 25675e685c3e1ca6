package fragment_test

import "context"

// panics is a fill that panics.
func panics(context.Context) ([]byte, error) { panic("oh no") }

// panicOf runs f and returns what it panicked with, or nil.
func panicOf(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}
