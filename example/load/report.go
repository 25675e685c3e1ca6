package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A report prints what was seen, and collects the promises that were broken.
type report struct {
	out    io.Writer
	broken []string
}

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// breaks notes a broken promise.
func (r *report) breaks(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// failed counts the pages that failed. Each kind of failure is told once.
func (r *report) failed(answers []answer) (n int) {
	told := map[string]bool{}
	for _, a := range answers {
		if a.err == nil {
			continue
		}
		n++
		if why := a.err.Error(); !told[why] && len(told) < 3 {
			told[why] = true
			r.breaks("a page failed: %s", why)
		}
	}
	return n
}

// quantiles are the times that half of the answers, and 99 of 100, took at most.
func quantiles(answers []answer) (p50, p99 time.Duration) {
	if len(answers) == 0 {
		return 0, 0
	}
	var times []time.Duration
	for _, a := range answers {
		times = append(times, a.took)
	}
	slices.Sort(times)
	at := func(percent int) time.Duration {
		return times[(len(times)*percent+99)/100-1].Round(10 * time.Microsecond)
	}
	return at(50), at(99)
}
