package memcachedbackend

import (
	"cmp"
	"slices"
	"strconv"
)

// A ring spreads keys over servers such that one that is added or removed moves
// only its own share: each server has many points on a circle of hashes, and a key
// belongs to that of the next point. It depends on the names of the servers alone,
// not on their order, and is the same in every process.
type ring []point

type point struct {
	hash   uint64
	server int
}

// pointsEach makes the shares equal to within some 10 %.
const pointsEach = 256

func newRing(servers []string) ring {
	r := make(ring, 0, len(servers)*pointsEach)
	for i, server := range servers {
		for n := range pointsEach {
			r = append(r, point{hash(server + "#" + strconv.Itoa(n)), i})
		}
	}
	slices.SortFunc(r, func(a, b point) int {
		// Points that meet belong to the same server whatever the order.
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(servers[a.server], servers[b.server]))
	})
	return r
}

// pick returns the server of key.
func (r ring) pick(key string) int {
	if len(r) == pointsEach {
		return 0
	}
	at, _ := slices.BinarySearchFunc(r, hash(key), func(p point, h uint64) int { return cmp.Compare(p.hash, h) })
	return r[at%len(r)].server
}

// hash is FNV-1a, whose last bytes hardly reach the upper bits, followed by a
// mixer.
func hash(text string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
