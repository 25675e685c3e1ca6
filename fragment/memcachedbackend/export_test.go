package memcachedbackend

import (
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// Picker tells which of servers has a key.
func Picker(servers []string) func(key string) string {
	r := newRing(servers)
	return func(key string) string { return servers[r.pick(nameOf(key))] }
}

// NameOf is the key in memcached of an entry.
func NameOf(key string) string { return nameOf(key) }

// LeaseName is the key in memcached of a lease.
func LeaseName(key string) string { return leaseName(key) }

// Expires is a ttl in memcached's terms.
func Expires(ttl time.Duration, now time.Time) int32 { return expires(ttl, now) }

// PartNames are the keys of the parts that a head names; none if it is no head.
func PartNames(raw []byte) []string {
	h, ok := headOf(&wire.Reply{Flags: headFlags, Value: raw})
	if !ok {
		return nil
	}
	return h.names()
}

// Head is a head of a value that nobody has written.
func Head(size, partSize int) []byte {
	return head{make([]byte, generationSize), size, partSize, 0}.encode()
}

// HeadFlags marks a head.
const HeadFlags = headFlags

// Addr is the address of the first server.
func (b *Backend) Addr() string { return b.servers[0].name }

// Largest is how many bytes a key in memcached and a value may have in one item.
func Largest(b *Backend) int { return b.largest }
