package memcachedbackend

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// What a memcached holds for us, by its key there:
//
//	the key itself      an entry
//	¶lease:key          a lease on it
//	¶part:random:n      a part of a large value
//	¶hash:digest        an entry whose key memcached would not take
//
// The keys that the engine makes are printable ASCII of up to 200 bytes, which
// memcached takes (up to 250), so that people find an entry by its key; and which
// never begin with ¶, so that the others stay apart. A key that is not of this
// kind can only be one of a wrapper around this Backend: it is hashed whole, as to
// cut it off would mix up keys.
const (
	leasePrefix = "¶lease:"
	partPrefix  = "¶part:"
	hashPrefix  = "¶hash:"
	pingName    = "¶is-anybody-there?" // never written
)

const longestPlain = 200

// nameOf is the key in memcached of the entry of key.
func nameOf(key string) string {
	if key != "" && len(key) <= longestPlain && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return key
	}
	digest := sha256.Sum256([]byte(key))
	return hashPrefix + hex.EncodeToString(digest[:])
}

func leaseName(key string) string { return leasePrefix + nameOf(key) }

func partName(generation []byte, n int) string {
	return partPrefix + hex.EncodeToString(generation) + ":" + strconv.Itoa(n)
}

const (
	relative = 30 * 24 * 60 * 60 // seconds; memcached takes more for a date
	lastDate = 1<<31 - 1
)

// expires is ttl in memcached's terms, from now on. It is rounded up, as 0 is for
// ever. What would end after the last date of memcached, in 2038, stays until it
// has to make room: the engine knows its end.
func expires(ttl time.Duration, now time.Time) int32 {
	if ttl == fragment.Forever {
		return 0
	}
	seconds := int64((ttl + time.Second - 1) / time.Second)
	if ttl > fragment.Forever-time.Second {
		seconds = int64(ttl / time.Second)
	}
	if seconds <= relative {
		return int32(max(seconds, 1))
	}
	if date := now.Unix() + seconds; date <= lastDate {
		return int32(date)
	}
	return 0
}

// leaseExpires is expires for a lease, which must not end early: memcached's clock
// ticks once a second, and the first tick may be near.
func leaseExpires(ttl time.Duration, now time.Time) int32 {
	return expires(min(ttl, relative*time.Second)+time.Second, now)
}
