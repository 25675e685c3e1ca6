// Package pongocache holds no code. It is where to begin reading.
//
// Pongocache caches what a web program in Go makes: whole pages, blocks of
// templates, and the data behind them. The three share one engine, so that
// expiry, one fill per key, stale serving, tags and statistics are the same on
// all of them, and one call frees everything that was made of one thing:
//
//	caches.InvalidateTags(ctx, "product:42")
//
// The packages:
//
//   - fragment is the engine: a Cache over a Backend, its Policy and its keys,
//     and the Registry of named caches. It imports the standard library only.
//   - tags brings the template tag to pongo2:
//     {% cache 300 "sidebar" user.ID %}…{% endcache %}.
//   - templates loads pongo2 templates from any fs.FS and binds them to a Registry.
//   - echoext caches whole views of an Echo program, and renders its templates.
//   - memo caches what a function returns, once for each argument.
//   - fragment/bigcachebackend and fragment/memorybackend keep entries in the
//     memory of the process, fragment/filebackend in files of the machine,
//     fragment/redisbackend and fragment/memcachedbackend on servers.
//   - fragment/compress and fragment/encrypt change entries on their way to a
//     Backend: they make them smaller, and keep them secret and genuine.
//   - fragment/metrics shows caches to Prometheus.
//   - fragment/fragmenttest helps to test what uses a cache.
//   - fragment/backendtest tests a Backend of your own.
//
// The program in the folder example uses all of them; go run ./example starts it.
package pongocache
