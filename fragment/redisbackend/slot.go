package redisbackend

import "strings"

// bySlot groups keys by the slot of a cluster that they belong to: one command
// may have keys of one slot only.
func bySlot(keys []string) [][]string {
	groups, at := make([][]string, 0, len(keys)), make(map[uint16]int, len(keys))
	for _, key := range keys {
		slot := slotOf(key)
		i, known := at[slot]
		if !known {
			i = len(groups)
			at[slot], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], key)
	}
	return groups
}

// slotOf is the slot of a key: that of what is between its first braces, or of
// the whole key.
func slotOf(key string) uint16 {
	if _, tag, open := strings.Cut(key, "{"); open {
		if tag, _, closed := strings.Cut(tag, "}"); closed && tag != "" {
			key = tag
		}
	}
	return crc16(key) & 16383
}

// crc16 is the checksum of XMODEM, which the specification of Redis Cluster asks
// for.
func crc16(key string) (sum uint16) {
	for i := range len(key) {
		sum ^= uint16(key[i]) << 8
		for range 8 {
			carry := sum>>15 == 1
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}
