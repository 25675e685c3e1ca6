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
// # Holes
//
// A page may have holes: parts that are made anew for each visitor, by a function
// that is registered with the Registry of the cache, while all else is shared.
// A template has {% hole "name" %} for one (see package tags), Go code
// fragment.Registry.WriteHole with the ctx of the request:
//
//	registry.Hole("name", func(ctx context.Context, w io.Writer, args []any) error {
//		c, _ := echoext.Context(ctx)
//		…
//
// [Context] is the request as it came, with the cookies that are hidden from the
// handler. A session cookie must be among [PageConfig.HarmlessCookies], or its
// visitors pass by the cache; then nothing outside of a hole may depend on it.
//
// The holes are filled before anything is sent, so that an error is answered as one
// of the handler is. Content-Length and ETag are those of what this visitor gets; the
// ETag is made of that of the page, also one that the handler set, and of what the
// holes wrote. If-None-Match and HEAD are answered by these. Last-Modified is left
// out. Such a page is sent with "private, no-cache", whatever PageConfig.Browser says,
// and is not stored if the handler's Cache-Control or another header lets caches keep
// it ("public-hole" in Cache-Status): it would say so to those as well who pass by.
// A cookie that a hole sets is of its visitor alone.
//
// A page whose holes are lost, because middleware inside of Page compresses it, say,
// is not stored, and its handler runs twice ("hole-lost"): compress outside of Page.
// Refilled in the background, a page has holes that nobody fills.
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
