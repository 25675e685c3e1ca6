package filebackend

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A tally tells how full a shard is. It is kept in the table, so that all
// processes go by the same figures and none has to list the folders to begin
// with. It is raised before a file is written and lowered after one is gone: a
// process that dies in between leaves it too high and never too low, until the
// shard is counted again.
type tally struct {
	bytes   int64 // of the files, each in whole blocks
	files   int64
	counted int64 // when the shard was last counted, in nanoseconds since 1970
}

const (
	tallySize = 32
	blockSize = 4 << 10
)

// blocks is what a file of that length counts.
func blocks(length int64) int64 { return (length + blockSize - 1) / blockSize * blockSize }

func (y tally) encode() []byte {
	raw := binary.LittleEndian.AppendUint64(make([]byte, 0, tallySize), uint64(y.bytes))
	raw = binary.LittleEndian.AppendUint64(raw, uint64(y.files))
	raw = binary.LittleEndian.AppendUint64(raw, uint64(y.counted))
	raw = binary.LittleEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
	return append(raw, 0, 0, 0, 0)
}

// decodeTally reads a tally. One that is damaged, or was never written, is that
// of a shard that was never counted.
func decodeTally(raw []byte) tally {
	if binary.LittleEndian.Uint32(raw[24:]) != crc32.Checksum(raw[:24], castagnoli) {
		return tally{}
	}
	y := tally{
		bytes:   int64(binary.LittleEndian.Uint64(raw)),
		files:   int64(binary.LittleEndian.Uint64(raw[8:])),
		counted: int64(binary.LittleEndian.Uint64(raw[16:])),
	}
	if y.bytes < 0 || y.files < 0 || y.bytes > 1<<60 || y.files > 1<<60 {
		return tally{}
	}
	return y
}

// tallies reads the tallies of all shards, at slightly different moments.
func (t *table) tallies() (all [shards]tally, err error) {
	var raw [shards * tallySize]byte
	if _, err := t.readAt(raw[:], talliesAt); err != nil {
		return all, fmt.Errorf("read the table: %w", err)
	}
	for i := range all {
		all[i] = decodeTally(raw[i*tallySize : (i+1)*tallySize])
	}
	return all, nil
}

// tallyOf reads the tally of one shard, whose lock the caller holds.
func (t *table) tallyOf(shard int) (tally, error) {
	var raw [tallySize]byte
	if _, err := t.readAt(raw[:], talliesAt+int64(shard)*tallySize); err != nil {
		return tally{}, fmt.Errorf("read the table: %w", err)
	}
	return decodeTally(raw[:]), nil
}

// setTally writes the tally of one shard, whose lock the caller holds.
func (t *table) setTally(shard int, y tally) error {
	return t.writeRecord(y.encode(), talliesAt+int64(shard)*tallySize)
}

// count changes the tally of a shard, whose lock the caller holds.
func (t *table) count(shard int, files, bytes int64) error {
	if files == 0 && bytes == 0 {
		return nil
	}
	y, err := t.tallyOf(shard)
	if err != nil {
		return err
	}
	y.bytes, y.files = max(y.bytes+bytes, 0), max(y.files+files, 0)
	return t.setTally(shard, y)
}
