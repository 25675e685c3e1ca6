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
// The template tag, the page middleware and memo call Do, or its likes for a
// fill that is bound to its caller ([Cache.DoFiller]) and for many keys at once
// ([Cache.DoMany]), and nothing else, so what is promised here holds on all of
// them.
//
// # Freshness
//
// An entry is fresh for its TTL, then stale for as long as Policy.Stale says,
// then gone. A stale value is for those who ask while one refills, and for that
// one too if its refill fails, or with Policy.Detach runs in the background. What
// a fill learns on its way it can say with its ctx: [AddTags], [SetTTL],
// [LimitTTL], [DoNotStore], [SkipStore]. That there is nothing is an answer as
// well: see [ErrNotFound].
//
// # Invalidation
//
// An entry carries tags. [Cache.InvalidateTags] frees all that carry one, at a
// cost that does not depend on their number. What is computed at that moment
// from older data is not stored, and an entry knows the tags and the remaining
// life of every part that it was built from, because those parts report to the
// Scope in the ctx of its fill.
//
// # Several processes
//
// A Backend that is [InProcess] is the affair of one process. Any other may be
// used by several, whose caches have the same prefix: what one stores the others
// serve, and what one invalidates none serves any more when that call has
// returned. The stamps that tell old from new then live in the Backend; to lose
// one costs misses. A Cache that is InProcess hears of what its own process
// invalidates alone: what is read from one does not belong inside of a fill of
// another Cache that processes share, unless it expires soon. Where the Backend is a [Locker], one process at a time fills
// a key.
//
// # Failure
//
// A cache never breaks a page. A Backend that fails, hangs or holds garbage is
// an [Event] and a miss. Only an invalid key, the fill's own error and the
// caller's own ctx come back from Do. A Backend that fails several times in a row
// is left alone until it answers again, and is then told first what was
// invalidated meanwhile; an invalidation that could not be told is an error to
// its caller, too.
//
// # Backends
//
// A Backend is opened by URL ([Open], [Registry.Open]) once its package is
// imported, or handed to [New]. Packages bigcachebackend and memorybackend keep
// entries in this process, bounded in bytes; "null:" keeps nothing.
// [Registry.OpenEnv] opens what the environment says, and [Registry.Warnings]
// tells what may be a mistake in it. Options.Transforms change entries on their way
// to any of them: packages compress and encrypt have one each.
//
// # Seeing and testing
//
// [Cache.Stats] counts; Options.Observe is told each [Event]. [LogTo] and package
// metrics are observers for log/slog and Prometheus. Package fragmenttest helps to
// test what uses a cache, and package backendtest tests a Backend of your own.
package fragment
