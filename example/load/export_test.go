package main

import "time"

// What the tests use of the program.
var (
	Run        = run
	InWorld    = inWorld
	BreakersIn = breakersIn
)

type World = world

// Late judges a page that was asked for at sent and tells of n users more, when
// users were known to be added at known.
func Late(known []time.Time, sent time.Time, n int) time.Duration {
	h := history{known: known}
	return h.late(answer{sent: sent}, n)
}

// UsersOn is how many users a page tells of.
func UsersOn(body string) int { return usersOn(answer{body: body}) }

// Versions counts the versions of pages.
func Versions(bodies ...string) int {
	var answers []answer
	for _, body := range bodies {
		answers = append(answers, answer{body: body})
	}
	return distinct(answers)
}

// Quantiles are those of pages that took so long.
func Quantiles(took ...time.Duration) (p50, p99 time.Duration) {
	var answers []answer
	for _, d := range took {
		answers = append(answers, answer{took: d})
	}
	return quantiles(answers)
}
