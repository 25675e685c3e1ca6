package filebackend

import (
	"crypto/sha256"
	"encoding/hex"
)

// A place is where the entry of a key is kept, in a file or in a record of the
// table, whichever its size asks for. Both are found by a hash, so that no key
// can name a path, and none is too long or differs only in case from another.
type place struct {
	key   string
	shard int
	id    recordID
	sum   [sha256.Size]byte
}

// shards is the number of folders that files are spread over.
const shards = 64

func placeOf(key string) place {
	p := place{key: key, sum: sha256.Sum256([]byte(key))}
	p.shard = int(p.sum[0]) % shards
	copy(p.id[:], p.sum[1:])
	return p
}

// leaseOf is where the lease on key is. A key has no zero byte, and so no entry
// shares that place.
func leaseOf(key string) place { return placeOf("\x00lease\x00" + key) }

// nameSize is the length of the name of an entry's file.
const nameSize = 2 * sha256.Size

// file is the name of the file inside the folder of its shard.
func (p *place) file() string {
	var name [nameSize]byte
	hex.Encode(name[:], p.sum[:])
	return string(name[:])
}

func shardName(no int) string { return hex.EncodeToString([]byte{byte(no)}) }

// isFileName reports whether a name in a shard's folder is that of an entry.
func isFileName(name string) bool {
	if len(name) != nameSize {
		return false
	}
	_, err := hex.DecodeString(name)
	return err == nil
}
