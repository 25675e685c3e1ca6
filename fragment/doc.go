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
// one costs misses. Where the Backend is a [Locker], one process at a time fills a
// key.
//
// A Cache that is InProcess hears of what its own process invalidates alone: what
// is read from one does not belong inside of a fill of another Cache that
// processes share, unless it expires soon. Options.Near is for this: it keeps
// copies of a shared Cache in the memory of this process. What this process
// changes is changed in them at once; what others change leaves them soon after
// the Backend tells of it, if it is a [Watcher], and otherwise within
// Options.NearTTL. No fill reads a copy, so what is stored is made of what the
// Backend holds.
//
// # Failure
//
// A cache never breaks a page. A Backend that fails, hangs or holds garbage is
// an [Event] and a miss. Only an invalid key, the fill's own error and the
// caller's own ctx come back from Do. A Backend that fails several times in a row
// is left alone until it answers again, and is then told first what was
// invalidated meanwhile; an invalidation that could not be told is an error to
// its caller, too. So is a Touch or an Expire of what could not be read. While the
// Backend is down, Options.Fallback is asked in its stead, if there is one. Of a
// Backend that is made of several stores, a [Sharder], all of this goes for each of
// them, and the others go on.
//
// # Backends
//
// A Backend is opened by URL ([Open], [Registry.Open]) once its package is
// imported, or handed to [New]. Packages bigcachebackend and memorybackend keep
// entries in this process, bounded in bytes; filebackend in the files of a folder,
// for the processes of a machine; redisbackend and memcachedbackend on servers.
// Three are here:
//
//	null:                                      keeps nothing
//	tiered:?near=URL&far=URL&ttl=1m&jitter=0   Options.Near
//	fallback:?first=URL&then=URL&ttl=10s       Options.Fallback
//
// The URLs inside are percent-encoded. [Registry.OpenEnv] opens what the
// environment says, [Registry.OpenConfig] what a JSON text says, and
// [Registry.Warnings] tells what may be a mistake in it. Options.Transforms change
// entries on their way to any of them: packages compress and encrypt have one
// each.
//
// # Round trips
//
// On a server, Get and Do take one round trip for a hit, with all stamps. GetMany,
// [Cache.DoMany] and [Cache.DoEachFiller] take one for many keys, and an [Ahead] saves
// most of those of one who asks for the same keys again and again, one by one.
//
// # Limits
//
// Memory is bounded: a Cache over a shared Backend has a stamp for each of some
// sixty thousand groups of tags, half as many in one process, and a tag is freed
// together with those of its group, which costs misses. Remembered errors and
// counts of key names have bounds as well. How large a value may be, and for how
// many there is room, is the affair of the Backend; Options.MaxValue may say less.
//
// The deadlines of entries go by the clock of the machine, which processes that
// share a Backend must have set alike.
//
// # Seeing and testing
//
// [Cache.Stats] counts; Options.Observe is told each [Event]. [LogTo] and package
// metrics are observers for log/slog and Prometheus. Package fragmenttest helps to
// test what uses a cache, and package backendtest tests a Backend of your own.
package fragment
