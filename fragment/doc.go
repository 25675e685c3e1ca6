// Package fragment is the engine of pongocache: a Cache over a small Backend,
// with expiry, stale serving, tags, one fill per key and statistics.
//
// One method does the work. [Cache.Do] returns the stored value of a [Key], or
// runs a fill, stores what it returns and hands it to all who asked meanwhile:
//
//	page, err := cache.Do(ctx, fragment.KeyOf("user page", id), fragment.Policy{
//		TTL:  5 * time.Minute,
//		Tags: []string{"users"},
//	}, func(ctx context.Context) ([]byte, error) {
//		return render(ctx, id)
//	})
//
// The template tag, the page middleware and memo call Do and nothing else, so
// what is promised here holds on all of them.
//
// # Invalidation
//
// An entry carries tags. [Cache.InvalidateTags] frees all that carry one, at a
// cost that does not depend on their number. What is computed at that moment
// from older data is not stored, and an entry knows the tags and the remaining
// life of every part that it was built from, because those parts report to the
// Scope in the ctx of its fill.
//
// The stamps that tell old from new live in this process. A Backend that
// survives the process, or is shared by several, therefore serves each of them
// only what it stored itself.
//
// # Failure
//
// A cache never breaks a page. A Backend that fails, hangs or holds garbage is
// an [Event] and a miss. Only an invalid key, the fill's own error and the
// caller's own ctx come back from Do.
//
// # Backends
//
// A Backend is opened by URL ([Open], [Registry.Open]) once its package is
// imported, or handed to [New]. Package bigcachebackend keeps entries in this
// process, bounded in bytes; "null:" keeps nothing.
package fragment
