package main

import (
	"context"
	"time"
)

// rounds is how often each page of together is asked for, and tries how often a
// round is repeated that was disturbed.
const (
	rounds = 3
	tries  = 5
)

// cold are pages with one cached part each: a view with a query and one without,
// a block with a query and one without, loaders and a method.
var cold = []string{"/users", "/time", "/users/block", "/block/zen", "/hello/Ada", "/comments", "/method/zen"}

// A burst is what became of visitors who came at once.
type burst struct {
	answers         []answer
	fills, versions int
	disturbed       bool // a call to Redis failed or was too slow, or Redis was left alone
}

// together lets many visitors come at once for a page that nobody has yet. The
// part in it is to be filled once, by one of the processes.
func together(ctx context.Context, s *stack, r *report) {
	r.printf("\n%d visitors at once for a page that nobody has, %d times", s.visitors, rounds)
	r.printf("   %-14s %8s %7s %7s %9s %10s %10s %10s", "page", "answered", "failed", "fills", "versions", "p50", "p99", "disturbed")
	s.front.atOnce(ctx, s.visitors, "/static/style.css") // opens connections
	for _, path := range cold {
		var answers []answer
		var fills, versions, disturbed int
		for range rounds {
			one, again := s.round(ctx, r, path)
			answers = append(answers, one.answers...)
			fills, versions, disturbed = fills+one.fills, versions+one.versions, disturbed+again
		}
		p50, p99 := quantiles(answers)
		failed := r.failed(answers)
		r.printf("   %-14s %8d %7d %7d %9d %10v %10v %10d", path, len(answers)-failed, failed, fills, versions, p50, p99, disturbed)
	}
	r.printf("   fills and versions: want %d, one a time. A process that waits for another looks every 5 to 100 ms.", rounds)
	r.printf("   disturbed: rounds that were repeated, as a call to Redis took longer than its time on this busy machine.")
	if s.leased > time.Second {
		r.printf("   After those, leases that could not be given back stayed for %v: who had come then would have waited.", s.leased.Round(time.Second))
	}
}

// round lets visitors come at once, and again if that was disturbed.
func (s *stack) round(ctx context.Context, r *report, path string) (one burst, disturbed int) {
	for range tries {
		if one = s.burst(ctx, path); !one.disturbed {
			break
		}
		disturbed++
		r.failed(one.answers) // a page that fails is no page, disturbed or not
	}
	if one.fills != 1 || one.versions != 1 {
		r.breaks("one fill per key: %d visitors of %s caused %d fills, and saw %d versions (disturbed: %v)",
			s.visitors, path, one.fills, one.versions, one.disturbed)
	}
	return one, disturbed
}

func (s *stack) burst(ctx context.Context, path string) burst {
	s.settle(ctx)
	s.clear(ctx)
	opened, _ := s.breakers()
	before := s.counts(ctx)
	answers := s.front.atOnce(ctx, s.visitors, path)
	change := s.counts(ctx).since(before)
	now, away := s.breakers()
	return burst{
		answers: answers, fills: change["fills"], versions: distinct(answers),
		disturbed: change["faults"] > 0 || now > opened || away,
	}
}

// distinct counts the versions of a page.
func distinct(answers []answer) int {
	seen := map[string]bool{}
	for _, a := range answers {
		if a.err == nil {
			seen[a.made()] = true
		}
	}
	return len(seen)
}
