package memorybackend

import (
	"math"
	"slices"
)

const (
	// overhead is what an entry takes beside its key and value: otter's node of
	// it and its share of the table and of the sketch. 144 to 159 bytes were
	// measured, for numbers of entries that lie well or badly for them.
	overhead = 160

	// lightest is the least that an entry weighs. Table and sketch stay as large
	// as the most entries ever needed them, up to 50 bytes for each: a small part
	// of what the entries after them may take.
	lightest = 320

	maxWeight = math.MaxInt32
)

// weigh is how much of the heap an entry takes. The capacity of value counts: its
// array is kept.
func weigh(key string, value []byte) int64 {
	return max(overhead+allocated(len(key))+allocated(cap(value)), lightest)
}

// allocated is how much of the heap n bytes take: Go's allocator has blocks of
// certain sizes, and above them whole pages.
func allocated(n int) int64 {
	if n > largestBlock {
		return (int64(n) + page - 1) / page * page
	}
	i, _ := slices.BinarySearch(blocks, n)
	return int64(blocks[i])
}

const (
	largestBlock = 32 << 10
	page         = 8 << 10
)

// blocks are the sizes of blocks in order, from zero. append tells them: the
// capacity that it returns is a whole block.
var blocks = func() []int {
	sizes := []int{0}
	for last := 0; last < largestBlock; {
		last = cap(append([]byte(nil), make([]byte, last+1)...))
		sizes = append(sizes, last)
	}
	return sizes
}()
