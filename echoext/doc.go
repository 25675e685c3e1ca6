// Package echoext caches whole views of an Echo application, and hands the
// context of a request to its templates.
//
//	e.GET("/users", users, echoext.Page(cache, fragment.Policy{TTL: 5 * time.Minute, Tags: []string{"users"}}))
//
// [Page] works on a route, a group and a whole application. It stores responses
// to GET with status 200, answers HEAD and conditional requests from them, and
// tells in the Cache-Status header (RFC 9211) what it did and why.
//
// # Who sees what
//
// A stored page is shown to everybody who sends the same request, as far as its
// key goes: scheme, host, path, query, the headers that Vary names, and the few
// in [KeyedHeaders]. A request that carries credentials (Authorization, a
// cookie not known to be harmless, an identity header of a proxy, a client
// certificate) passes by the cache: it is neither answered from it nor stored.
// What the key leaves out on purpose, harmless cookies and tracking parameters,
// is hidden from the handler.
//
// Three things remain the application's to mind. A handler that answers by
// another request header must name it in Vary. One that answers by the address of
// the visitor (c.RealIP) must not be cached. One that answers by what middleware outside
// of Page put into c.Get must not be cached, or must be kept apart by
// [PageConfig.Vary]; [PageConfig.Skipper] takes requests past the cache, and two
// Pages on one cache share what they store.
//
// A handler behind Page sees and changes a header of its own; that of middleware
// outside is sent with it.
//
// # Slow and failing handlers
//
// A handler is a fill: what fragment.Policy says of stale values, timeouts and
// errors holds for pages. While one visitor's request renders a page anew, the
// others are served the stale one. With Policy.Detach that visitor is too, and the
// handler runs in the background with a copy of the request and an Echo context of
// its own, where c.Get finds only what [PageConfig.Carry] names.
//
// A cache that fails is no error to the visitor: the handler runs.
//
// # Limits
//
// A body is held in memory until the handler returns, up to [PageConfig.MaxBody],
// 384 KiB by default; a larger one streams through and is not stored, nor is one
// that is flushed or hijacked. A value that is larger than the Backend takes is
// served and not stored.
//
// # HEAD
//
// Echo answers HEAD only where a route is declared for it, as by e.Match. With
// Page on that route, HEAD is answered from what a GET stored; what a handler
// answers to HEAD is never stored.
package echoext
