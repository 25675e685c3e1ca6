package bigcachebackend

// The index takes some 50 bytes for an entry, however small that is. So that
// the index stays a small part of the ring, a value takes at least floor bytes
// there:
//
//	a value is kept as it is, if it is longer than floor and its length no
//	multiple of floor;
//	any other is lengthened to the next multiple of floor, and the last byte
//	tells how many bytes were put before it.
//
// The length alone tells which of them it is.
const floor = 256

func isPadded(length int) bool { return length < floor || length%floor == 0 }

// paddedLen is how long a value of that length is in the ring.
func paddedLen(length int) int {
	if !isPadded(length) {
		return length
	}
	return length - length%floor + floor
}

// pad returns value as it is kept. It uses room, if that is enough.
func pad(value, room []byte) []byte {
	if !isPadded(len(value)) {
		return value
	}
	fill := paddedLen(len(value)) - len(value)
	kept := append(append(room, value...), make([]byte, fill)...)
	kept[len(kept)-1] = byte(fill - 1)
	return kept
}

// unpad undoes pad in place; ok is false for what pad cannot have made.
func unpad(kept []byte) (value []byte, ok bool) {
	if len(kept) < floor {
		return nil, false
	}
	if len(kept)%floor != 0 {
		return kept, true
	}
	end := len(kept) - 1 - int(kept[len(kept)-1])
	return kept[:end:end], true
}
