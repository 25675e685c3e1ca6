package main

import (
	"context"
	"regexp"
	"strconv"
)

// counts are what the caches of all processes have counted, by the words of the
// first page of the site.
type counts map[string]int

var figure = regexp.MustCompile(`<b>(\d+)</b> (hits|misses|fills|waits|faults)`)

// counts reads the first page of each site, which is not cached, and adds up.
func (s *stack) counts(ctx context.Context) counts {
	sum := counts{}
	for _, site := range s.sites {
		first := site.get(ctx, "/")
		if first.err != nil {
			s.world.Fatalf("reading the figures of a site: %v", first.err)
		}
		for _, found := range figure.FindAllStringSubmatch(first.body, -1) {
			n, _ := strconv.Atoi(found[1])
			sum[found[2]] += n
		}
	}
	return sum
}

func (c counts) since(before counts) counts {
	change := counts{}
	for word, n := range c {
		change[word] = n - before[word]
	}
	return change
}

// clear empties the caches of all sites, by one of them.
func (s *stack) clear(ctx context.Context) {
	if a := s.front.post(ctx, "/clear", nil); a.err != nil {
		s.world.Fatalf("clearing the caches: %v", a.err)
	}
}
