package filebackend

import "path/filepath"

// PathOf is the path of the file of an entry in a folder.
func PathOf(folder, key string) string {
	p := placeOf(key)
	return filepath.Join(folder, shardName(p.shard), p.file())
}

// ReadEntry reads data as the file of an entry of that key.
func ReadEntry(data []byte) (valid bool) {
	h, ok := parseHeader(data, int64(len(data)))
	if !ok {
		return false
	}
	return h.isWhole(data) && h.deadline != 0
}

// EntryFile is the file of an entry.
func EntryFile(key string, value []byte, deadline int64) []byte {
	return append(appendHeader(nil, key, value, deadline), value...)
}

// ReadRecord reads a record of the table.
func ReadRecord(raw [64]byte) (value []byte, valid bool) {
	r, ok := decodeRecord(raw[:])
	return r.value[:r.size], ok
}
