package filebackend

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"time"
)

// A table is a file that all processes share, of fixed size:
//
//	first page    magic, number of shards, buckets of a shard, checksum
//	second page   the tally of each shard
//	the rest      buckets of eight records, so many for each shard
//
// It is read and written by system calls and not mapped into memory: what
// happens to the file is then an error of a call and not the end of the
// process. A record is written by a single call, under the lock of its shard;
// readers hold no lock, and read again when they find one half written.
type table struct {
	file    *os.File
	fd      int // that of file
	buckets int // of a shard
}

const (
	tableName  = "table"
	tableMagic = "pongotb1"
	talliesAt  = 4 << 10
	bucketsAt  = 8 << 10
	maxBuckets = 1 << 24
	tablePart  = 32 // of the bound, one part is for the table
	tornReads  = 1000
)

// bucketsFor is how many buckets a shard has in a cache of so many bytes.
func bucketsFor(size int64) int {
	buckets := 1
	for int64(buckets)*2*shards*bucketSize <= size/tablePart && buckets < maxBuckets {
		buckets *= 2
	}
	return buckets
}

func newTable(file *os.File, buckets int) *table { return &table{file, int(file.Fd()), buckets} }

func tableSize(buckets int) int64 { return bucketsAt + int64(buckets)*shards*bucketSize }

func (t *table) size() int64 { return tableSize(t.buckets) }

// tableHead is the first page of a table, as far as it is not zero.
func tableHead(buckets int) []byte {
	head := append([]byte{}, tableMagic...)
	head = binary.LittleEndian.AppendUint32(head, shards)
	head = binary.LittleEndian.AppendUint32(head, uint32(buckets))
	return binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
}

// readTable returns the table that file holds; ok is false for what is none.
func readTable(file *os.File) (t *table, ok bool) {
	var head [20]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return nil, false
	}
	buckets := binary.LittleEndian.Uint32(head[12:])
	if buckets == 0 || buckets > maxBuckets || string(head[:]) != string(tableHead(int(buckets))) {
		return nil, false
	}
	info, err := file.Stat()
	if err != nil || info.Size() != tableSize(int(buckets)) {
		return nil, false
	}
	return newTable(file, int(buckets)), true
}

func (t *table) bucketAt(p *place) int64 {
	bucket := int(binary.LittleEndian.Uint32(p.sum[20:])) % t.buckets
	return bucketsAt + (int64(p.shard)*int64(t.buckets)+int64(bucket))*bucketSize
}

// readBucket reads the bucket of a place. What is beyond the end of a table that
// somebody has cut off is empty.
func (t *table) readBucket(p *place, bucket *[bucketSize]byte) error {
	n, err := t.readAt(bucket[:], t.bucketAt(p))
	if err != nil {
		return fmt.Errorf("read the table: %w", err)
	}
	clear(bucket[n:])
	return nil
}

// find returns the record of a place, if it is within its time.
func (t *table) find(p *place) (r record, ok bool, err error) {
	var bucket [bucketSize]byte
	for range tornReads {
		if err := t.readBucket(p, &bucket); err != nil {
			return record{}, false, err
		}
		at := recordIn(&bucket, p.id)
		if at < 0 {
			return record{}, false, nil
		}
		if r, ok = decodeRecord(bucket[at : at+recordSize]); ok {
			return r, time.Now().UnixNano() < r.deadline, nil
		}
		runtime.Gosched() // somebody is writing it
	}
	return record{}, false, nil // it is damaged for good
}

// recordIn returns where in a bucket the record of that id is, -1 for nowhere.
func recordIn(bucket *[bucketSize]byte, id recordID) int {
	for at := 0; at < bucketSize; at += recordSize {
		if recordID(bucket[at:at+len(id)]) == id && bucket[at+29] == 1 {
			return at
		}
	}
	return -1
}

// put writes a record, in the place of the one of the same id, of one that is
// out of time or free, or else of the one that ends soonest. The caller holds the
// lock of the shard.
func (t *table) put(p *place, r record) error {
	var bucket [bucketSize]byte
	if err := t.readBucket(p, &bucket); err != nil {
		return err
	}
	at := recordIn(&bucket, p.id)
	if at < 0 {
		at = soonest(&bucket, int(p.sum[24])%8)
	}
	raw := r.encode()
	return t.writeRecord(raw[:], t.bucketAt(p)+int64(at))
}

// soonest returns where the record is that ends soonest. Of those that end
// together it is the first from the given one on.
func soonest(bucket *[bucketSize]byte, first int) (best int) {
	end := int64(neverBefore)
	best = first * recordSize
	for i := range 8 {
		at := (first + i) % 8 * recordSize
		r, ok := decodeRecord(bucket[at : at+recordSize])
		if !ok {
			return at
		}
		if r.deadline < end {
			best, end = at, r.deadline
		}
	}
	return best
}

// remove frees the record of a place, if there is one. The caller holds the lock
// of the shard.
func (t *table) remove(p *place) error {
	var bucket [bucketSize]byte
	if err := t.readBucket(p, &bucket); err != nil {
		return err
	}
	at := recordIn(&bucket, p.id)
	if at < 0 {
		return nil
	}
	return t.writeRecord(make([]byte, recordSize), t.bucketAt(p)+int64(at))
}

func (t *table) writeRecord(raw []byte, at int64) error {
	if _, err := t.file.WriteAt(raw, at); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
