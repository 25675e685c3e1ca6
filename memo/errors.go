package memo

import "github.com/pongocache/pongocache/fragment"

// ErrNotFound is fragment.ErrNotFound: a loader whose error wraps it says that
// there is no such thing, which is an answer and kept for Policy.NotFoundTTL.
var ErrNotFound = fragment.ErrNotFound
