package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// walkers is how many visitors ask for one page after another, and patience for
// how long they do at most.
const (
	walkers  = 32
	patience = 30 * time.Second
)

// pathOf is the page that a walk asks for as its i-th: all kinds, and some pages
// that few ask for. What lives for 5 to 20 s ends on the way.
func pathOf(i int) string {
	kinds := []string{"/users", "/users/block", "/time", "/zen", "/zen?swap=1", "/modular/zen",
		"/method/zen", "/block/zen", "/hello/Ada", "/comments", "/object", ""}
	if path := kinds[i%len(kinds)]; path != "" {
		return path
	}
	return fmt.Sprintf("/hello/Visitor%d", i/len(kinds)%50)
}

// long lets visitors walk through the site for a while.
func long(ctx context.Context, s *stack, r *report) {
	s.settle(ctx)
	s.clear(ctx)
	opened, _ := s.breakers()
	cached, served := s.counts(ctx), s.redisCounts()
	began := time.Now()
	answers := s.walk(ctx, s.pages)
	took := time.Since(began)
	redis := s.redisCounts().since(served)
	change := s.counts(ctx).since(cached)

	failed := r.failed(answers)
	p50, p99 := quantiles(answers)
	pages := float64(len(answers))
	looks := float64(change["hits"] + change["misses"])
	r.printf("\n%d pages of all kinds, for %d visitors at a time, from empty caches on", len(answers), walkers)
	r.printf("   failed %d   p50 %v   p99 %v   %.0f pages/s", failed, p50, p99, pages/took.Seconds())
	r.printf("   hit rate %.1f %%   fills %d   waits %d   faults %d", 100*float64(change["hits"])/looks, change["fills"], change["waits"], change["faults"])
	r.printf("   Redis: %.2f trips and %.2f commands a page", float64(redis.trips)/pages, float64(redis.commands)/pages)
	if now, _ := s.breakers(); change["faults"] > 0 || now > opened {
		r.printf("   faults are calls to Redis that failed or took longer than their time, and so were misses; %d times", now-opened)
		r.printf("   a site had so many that it left Redis alone for some seconds")
	}
}

// walk asks for n pages, or for as many as patience lasts.
func (s *stack) walk(ctx context.Context, n int) []answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var next atomic.Int64
	parts := make([][]answer, walkers)
	var all sync.WaitGroup
	for i := range walkers {
		all.Go(func() {
			for at := int(next.Add(1)) - 1; at < n; at = int(next.Add(1)) - 1 {
				a := s.front.get(ctx, pathOf(at))
				if ctx.Err() != nil {
					return
				}
				a.body = ""
				parts[i] = append(parts[i], a)
			}
		})
	}
	all.Wait()
	var answers []answer
	for _, part := range parts {
		answers = append(answers, part...)
	}
	return answers
}
