package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// soon is how long a copy that is near may outlive a change that another process
// made; without copies near nothing does.
const soon = time.Second

// A history is when it was known that so many users have been added.
type history struct {
	mu    sync.Mutex
	known []time.Time // guarded by mu
}

func (h *history) add() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = append(h.known, time.Now())
}

// late is for how long it was known, when a was asked for, that there are more
// users than the n that it shows; zero if there were not.
func (h *history) late(a answer, n int) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n >= len(h.known) {
		return 0
	}
	return max(0, a.sent.Sub(h.known[n]))
}

// changing adds users, one after another, while others read what is made of
// them: a page, a block and a loader. None may show less than was known when it
// was asked for.
func changing(ctx context.Context, s *stack, r *report) {
	s.settle(ctx)
	users := usersOn(s.front.get(ctx, "/users"))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var h history
	var done atomic.Bool
	readings := make([]reading, walkers)
	var all sync.WaitGroup
	for i := range walkers {
		all.Go(func() {
			for !done.Load() && ctx.Err() == nil {
				readings[i].read(s.front.get(ctx, readings[i].next()), &h, users)
			}
		})
	}
	changes := s.change(ctx, &h)
	done.Store(true)
	all.Wait()
	tellChanges(s, r, changes, readings)
}

// change adds users and notes when each of them is known.
func (s *stack) change(ctx context.Context, h *history) (changes []answer) {
	for i := range s.changes {
		user := url.Values{"name": {fmt.Sprintf("Zora %d", i)}, "email": {"zora@example.com"}}
		a := s.front.post(ctx, "/users", user)
		changes = append(changes, a)
		if a.err != nil || ctx.Err() != nil {
			break
		}
		h.add()
		if i%2 == 0 { // so each other change comes while they hit, and each other while they fill
			sleep(ctx, s.pause)
		}
	}
	return changes
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A reading is what one visitor read.
type reading struct {
	answers []answer
	late    []time.Duration // of those that showed less than was known
}

func (r *reading) next() string {
	return []string{"/users", "/users/block", "/hello/Zora"}[len(r.answers)%3]
}

// read judges a page. There were so many users before any was added, and none of
// them was called Zora.
func (r *reading) read(a answer, h *history, users int) {
	added := usersOn(a) - users
	if strings.HasPrefix(a.path, "/hello/") {
		added = usersOn(a)
	}
	if late := h.late(a, added); a.err == nil && late > 0 {
		r.late = append(r.late, late)
	}
	a.body = ""
	r.answers = append(r.answers, a)
}

var users = regexp.MustCompile(`<caption>(\d+) users|<p class="big">(\d+)</p>\s*<p>user`)

// usersOn is how many users a page tells of, or -1.
func usersOn(a answer) int {
	found := users.FindStringSubmatch(a.body)
	if found == nil {
		return -1
	}
	n, _ := strconv.Atoi(found[1] + found[2])
	return n
}

func tellChanges(s *stack, r *report, changes []answer, readings []reading) {
	var answers []answer
	var late []time.Duration
	for _, one := range readings {
		answers, late = append(answers, one.answers...), append(late, one.late...)
	}
	p50, p99 := quantiles(answers)
	posts, slowest := quantiles(changes)
	r.printf("\n%d changes of the users, under %d visitors who read what is made of them", len(changes), walkers)
	r.printf("   pages %d   failed %d   p50 %v   p99 %v", len(answers), r.failed(answers)+r.failed(changes), p50, p99)
	r.printf("   a change, with its invalidation: p50 %v   p99 %v", posts, slowest)
	var latest time.Duration
	if len(late) > 0 {
		latest = slices.Max(late)
	}
	r.printf("   pages that showed less than was known when they were asked for: %d, by up to %v", len(late), latest.Round(10*time.Microsecond))
	if bound := s.staleness(); latest > bound {
		r.breaks("an invalidated value was served: %d pages were out of date, by up to %v, want %v", len(late), latest, bound)
	}
}

// staleness is how long a process may serve what another one has invalidated.
func (s *stack) staleness() time.Duration {
	if s.near {
		return soon
	}
	return 0
}
