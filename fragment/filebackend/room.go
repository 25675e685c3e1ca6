package filebackend

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// makeRoom removes files until so many bytes more are within the bound. The
// caller holds no lock.
//
// Which make room is chosen by sampling: a shard at random, the more likely the
// more it holds, and in it the least recently used of a few files, again and
// again until there is room and, so that its folder is not listed for each, some
// 1/64 of the shard is free.
func (f *folder) makeRoom(ctx context.Context, bytes int64) error {
	for {
		all, err := f.table.tallies()
		if err != nil {
			return err
		}
		var sum int64
		for _, y := range all {
			sum += y.bytes
		}
		over := sum + bytes - f.budget
		if over <= 0 {
			return nil
		}
		no := heavy(&all, rand.Int64N(max(sum, 1)))
		if err := f.shards[no].evict(ctx, max(over, all[no].bytes/64)); err != nil {
			return err
		}
	}
}

// heavy returns the shard that holds the byte of that number.
func heavy(all *[shards]tally, at int64) int {
	for no, y := range all {
		if at -= y.bytes; at < 0 {
			return no
		}
	}
	return 0
}

// sample is how many files are compared to find one that makes room.
const sample = 8

// evict removes files of the shard that count so many bytes, or half of them if
// that is less.
func (s *shard) evict(ctx context.Context, bytes int64) error {
	d, unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	names, err := d.names()
	if err != nil {
		return err
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	freed, half := int64(0), len(names)/2
	for freed < bytes && len(names) > half {
		oldest := d.oldest(names[max(len(names)-sample, 0):])
		names = names[:len(names)-1]
		if oldest.name == "" {
			continue
		}
		if err := s.removeFile(d, oldest.name); err != nil {
			return err
		}
		freed += oldest.bytes
	}
	if freed == 0 {
		return s.recount(d) // it holds less than its tally says
	}
	return nil
}

// names returns the names of all entries in the folder of the shard.
func (d *directory) names() ([]string, error) {
	list, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer list.Close()
	all, err := list.Readdirnames(-1)
	return slices.DeleteFunc(all, func(name string) bool { return !isFileName(name) }), err
}

type candidate struct {
	name  string
	bytes int64
	used  time.Time
}

// oldest returns the least recently used of the files of those names, moves that
// name to the end, and returns none if there are no such files.
func (d *directory) oldest(names []string) candidate {
	var least candidate
	at := len(names) - 1
	for i, name := range names {
		info, err := d.root.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if least.name == "" || info.ModTime().Before(least.used) {
			least, at = candidate{name, blocks(info.Size()), info.ModTime()}, i
		}
	}
	names[at], names[len(names)-1] = names[len(names)-1], names[at]
	return least
}
