package main

import (
	"context"
	"time"
)

// alone lets one visitor ask for each page: for the first time, then again when
// each process has shown it once. What Redis counts meanwhile is of that page
// alone.
func alone(ctx context.Context, s *stack, r *report) {
	s.settle(ctx)
	r.printf("\nTo Redis and back, for one visitor who is alone")
	r.printf("   %-14s %26s %32s", "page", "first: trips  commands", "again: trips  commands")
	paths := append([]string{}, cold...)
	for _, path := range append(paths, "/zen", "/modular/zen", "/object") {
		s.clear(ctx)
		s.visit(ctx, r, "/hello/Somebody") // the first after a clear makes stamps for those that follow
		s.visit(ctx, r, "/modular/zen?of=nobody")
		first := s.costOf(func() { r.failed([]answer{s.front.get(ctx, path)}) })
		s.visit(ctx, r, path)
		again := s.costOf(func() { s.visit(ctx, r, path) })
		n := float64(len(s.sites))
		r.printf("   %-14s %16d %9d %22.1f %9.1f", path, first.trips, first.commands, float64(again.trips)/n, float64(again.commands)/n)
	}
	r.printf(whatIsCounted)
}

// visit asks each site for a page.
func (s *stack) visit(ctx context.Context, r *report, path string) {
	for range s.sites { // nginx lets them take turns
		r.failed([]answer{s.front.get(ctx, path)})
	}
}

// costOf is what Redis counts while f runs, and until it is quiet again: leases
// are given back in the background.
func (s *stack) costOf(f func()) redisCounts {
	before := s.quiet()
	f()
	return s.quiet().since(before)
}

// quiet waits until Redis counts nothing new, and returns its counts.
func (s *stack) quiet() redisCounts {
	now := s.redisCounts()
	for range 100 {
		time.Sleep(20 * time.Millisecond)
		last := now
		if now = s.redisCounts(); now == last {
			break
		}
	}
	return now
}
