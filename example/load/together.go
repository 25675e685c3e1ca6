package main

import "context"

// rounds is how often each page of together is asked for.
const rounds = 3

// cold are pages with one cached part each: a view with a query and one without,
// a block with a query and one without, loaders and a method.
var cold = []string{"/users", "/time", "/users/block", "/block/zen", "/hello/Ada", "/comments", "/method/zen"}

// together lets many visitors come at once for a page that nobody has yet. The
// part in it is to be filled once, by one of the processes.
func together(ctx context.Context, s *stack, r *report) {
	r.printf("\n%d visitors at once for a page that nobody has, %d times", s.visitors, rounds)
	r.printf("   %-14s %8s %7s %7s %9s %10s %10s", "page", "answered", "failed", "fills", "versions", "p50", "p99")
	s.front.atOnce(ctx, s.visitors, "/static/style.css") // opens connections
	for _, path := range cold {
		var answers []answer
		var fills, versions int
		for range rounds {
			s.clear(ctx)
			before := s.counts(ctx)
			round := s.front.atOnce(ctx, s.visitors, path)
			change := s.counts(ctx).since(before)
			fills, versions = fills+change["fills"], versions+distinct(round)
			if change["fills"] != 1 || distinct(round) != 1 {
				r.breaks("one fill per key: %d visitors of %s caused %d fills, and saw %d versions; %d faults",
					s.visitors, path, change["fills"], distinct(round), change["faults"])
			}
			answers = append(answers, round...)
		}
		p50, p99 := quantiles(answers)
		failed := r.failed(answers)
		r.printf("   %-14s %8d %7d %7d %9d %10v %10v", path, len(answers)-failed, failed, fills, versions, p50, p99)
	}
	r.printf("   fills and versions: want %d, one a time. A process that waits for another looks every 5 to 100 ms.", rounds)
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
