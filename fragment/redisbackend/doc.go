// Package redisbackend keeps entries in Redis, or in what speaks its protocol,
// so that several processes share them: in a single server, behind sentinels or
// in a cluster. Importing it registers its schemes with package fragment.
//
// # URL
//
//	redis://user:password@host:6379/0?connect=now
//	rediss://host/0?tls-ca=/etc/redis/ca.pem                  the same, encrypted
//	unix:///run/redis/redis.sock?db=0
//	redis-sentinel://host1,host2:26379/master/0?replicas=true
//	redis-cluster://host1:7000,host2:7001?tls=true
//
// A password alone is written as redis://:password@host. Ports may be left out, and
// the number of a database. A cluster is found by any of its nodes; name masters
// where replicas=true. Parameters, all of which may be left out:
//
//	connect=lazy           connect when it is used; now: fail to open where that fails
//	connect-timeout=2s     how long it may take to reach a server and to log in
//	ping=1s                how often an idle connection is tried
//	buffer=64KiB           each of the two buffers of a connection
//	max-value=512MiB       what is larger is refused
//	replicas=false         reads go to replicas (cluster and sentinel)
//	watch=auto             tracking or pubsub: how others' changes are learned of
//	name=pongocache        what CLIENT LIST shows
//	tls=false              encrypt (cluster and sentinel)
//	tls-ca, tls-cert, tls-key, tls-server-name    files in PEM, and the name to expect
//	sentinel-user, sentinel-password              what sentinels want to be told
//
// For all else there are [Dial], with an option of rueidis, and [New], with a client
// that the program has already.
//
// # Faults
//
// Each call returns soon after its ctx has ended, whatever the server does: it may
// be gone, hang, answer by halves or be no Redis at all. What it wrote may have
// been written all the same, or be written a little later. Without a deadline a call
// to a server that hangs ends within ping and one second. Calls find a server that is
// back at once, or within a second. Nothing is tried again by itself: a read that
// failed is a miss. A fault is always told from a miss by an error, which names the
// server and what may be wrong, but neither a password nor a key. What is no Redis
// protocol ends the connection.
//
// A server that is full takes nothing if its maxmemory-policy is noeviction, the
// default: set maxmemory and allkeys-lru, or allkeys-lfu, where it is for caches.
//
// # Watch
//
// By tracking the server tells of each change under the prefix, by whomever or by
// the end of its time, within a millisecond or so. There is one connection a node
// then, and a changed() without keys when it is lost or hangs, or the database
// is flushed. Where replicas are connected to, which a cluster's client may do for its
// own ends, they tell own writes too.
//
// By pubsub, which takes any server and user who may PUBLISH and SUBSCRIBE on the
// channel of the prefix, what Backends of that prefix write, add, swap or delete is
// told, if they watch that way themselves, or are asked by watch=pubsub to tell: write
// that into the URL of a process that keeps no copies near, too, as it would not be
// heard, and the NearTTL of the others be the bound. What expires or is evicted, or
// changed by another program, is not told. That somebody has flushed the database is
// found out within ping, by a key beside the entries that is gone with them, if the
// user may EVAL; in a cluster, on the node of that key alone. A message that is lost is
// found out within ping and two seconds; that somebody died amid a write, within ten.
//
// # Limits
//
// A ttl is rounded up to a millisecond, and kept for ever from 250 years on. A key
// of another type is an error to Get, and absent to GetMany. The lease on a key is
// a key of its own: that of the entry, a space and "lease". Leases and swaps are
// scripts: for a user who may not EVAL several processes may fill a key at once, and an
// Expire of a Cache deletes. With replicas=true, what
// was written or invalidated is seen when it has come to the replica. A server with
// a lower proto-max-bulk-len than max-value ends the connection on a value that is
// too large for it.
package redisbackend
