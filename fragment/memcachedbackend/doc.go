// Package memcachedbackend keeps entries in memcached, on one server or several,
// for all processes that use them. Importing it registers the schemes "memcached",
// "memcacheds" (TLS) and "memcached+sasl" with package fragment.
//
// # URL
//
//	memcached://cache1:11211,cache2:11211?large=split
//	memcacheds://app:secret@cache1:11211?ca=/etc/cache/ca.pem
//	memcached+sasl://app:secret@cache1:11211
//
// A user and a password are for a memcached that was started with -Y; in the scheme
// memcached+sasl, which speaks the binary protocol, for one that was started with
// -S. Special characters in them are percent-encoded. Several servers are each
// written with their port; several IPv6 addresses are for New, as a URL holds
// one. All parameters may be left out:
//
//	item=1MiB         memcached -I: what does not fit an item is large
//	large=refuse      or split: what becomes of a large value
//	conns=32          connections to each server, at most
//	timeout=5s        of a call whose ctx ends later, or never
//	connect=lazy      or now: fail to open unless each server answers
//	tls=false         true secures the connections, as memcacheds does
//	ca=FILE           PEM certificates of who signs those of the servers
//	servername=NAME   that their certificates are for, if it is not their host
//
// # Several servers
//
// Which keys belong to which server follows from a hash of the servers' names: all
// processes must write these alike, in any order. One server more, or less, moves
// about its share of the keys and no others. The entries of keys that moved stay
// where they were until they end, and would come back if that change were undone:
// then the servers have to be emptied, or the Cache given another Prefix.
//
// A server that does not answer is not replaced by the others, on purpose: while it
// is away an entry would be invalidated at another one, and come back as it was
// with the server. Its keys are misses, and are rendered anew on each request. The
// others go on: what judges an entry, that is the stamps of Clear and of its key, lies
// on its own server, and each server has a circuit breaker of its own. What lies on the
// others and carries no tag whose stamp is on the server that is away is served and
// stored as before; with a tag there, known by a hash of the tag, it is not: nobody
// could tell whether that was invalidated. So of n servers one costs 1/n of the entries
// without tags, and of those with t tags the part 1-(1-1/n)^(t+1). The tags in the Policy
// of a Cache are tags of all of its entries.
//
// To invalidate a tag whose stamp is on the server that is away, to Set or Delete a key
// there, and to Clear, is an error, and is done when the server is back, by each process
// that tried. The process itself serves nothing of that meanwhile. A Clear frees what
// lies on the others at once, and once more when the last server is back. Within two
// seconds of that it is in use again, with what it held, if it still holds that.
//
// # Faults
//
// A call returns when its ctx ends, whatever the server does. What fails is an
// error that names the server, which a Cache takes for a miss. A connection on which
// anything went wrong is closed, so that no answer is taken for that of another
// call. Connections that died while nobody used them, as when a server restarts,
// are replaced without an error. A Set, Add or Swap that was sent is not repeated. With
// the server back the next call works.
//
// # Limits
//
// memcached counts in seconds: a ttl is rounded up, its clock ticks once a
// second, and so an entry of 1s may go almost at once and stays for a second at
// most; the exact end is the engine's. A lease lasts for its ttl, rounded up, and up
// to a second more. A ttl of more than 30 days becomes a date, which needs a
// server whose clock is right; what ends after 2038 stays until it must make room.
//
// A value that does not fit an item is refused, or split into parts of its own keys
// on the same server, which then costs a look before each Delete and Touch and
// each write of a large value. Parts that no entry names any more, because it was
// replaced by a small value, or evicted, go when their ttl ends or space is short.
// Numbers of parts are up to 1024.
//
// With memcached -C, which takes compare-and-swap away, an Expire of a Cache deletes, and
// it may happen that two processes fill a key at once.
//
// Clear and tags are the engine's, by stamps: nothing here ever calls flush_all.
// SASL PLAIN and -Y send the password as it is: use TLS where others may listen.
// memcached itself calls the binary protocol deprecated, so -Y with TLS is the
// better choice where there is one.
package memcachedbackend
