// Package ratio measures one piece of code beside another in the same
// benchmark. The sides take turns, so that what disturbs the machine disturbs
// each of them, and the figures are medians, so that it hardly matters.
package ratio

import (
	"slices"
	"testing"
	"time"
)

// rounds is how often the sides take turns.
const rounds = 31

// Compare runs baseline and ours b.N times each and reports, beside the
// benchmark's own figures, which are those of ours alone:
//
//	x-of-baseline      the median time of ours divided by that of baseline
//	ns-over-baseline   the median time of ours less that of baseline
//
// Each of them does its work n times when it is called.
func Compare(b *testing.B, baseline, ours func(n int)) {
	b.Helper()
	m := Medians(b, baseline, ours)
	b.ReportMetric(m[1]/m[0], "x-of-baseline")
	b.ReportMetric(m[1]-m[0], "ns-over-baseline")
}

// Medians runs each of the sides b.N times, in turns, and returns the median
// time in nanoseconds that each takes for its work once. The benchmark's own
// figures are those of the last side. It is what Compare is made of, for a
// benchmark that sets more than two sides against each other or reports another
// figure.
func Medians(b *testing.B, sides ...func(n int)) []float64 {
	b.Helper()
	b.ReportAllocs()
	b.StopTimer()
	b.ResetTimer()
	times := make([][]float64, len(sides))
	turns := min(rounds, b.N)
	for turn := range turns {
		n := share(b.N, turn, turns)
		for i, side := range sides {
			times[i] = append(times[i], measure(b, i == len(sides)-1, side, n))
		}
	}
	medians := make([]float64, len(sides))
	for i := range times {
		medians[i] = median(times[i])
	}
	return medians
}

// share is how many of total runs belong to one of turns.
func share(total, turn, turns int) int {
	return total*(turn+1)/turns - total*turn/turns
}

func measure(b *testing.B, counted bool, side func(n int), n int) float64 {
	if counted {
		b.StartTimer()
		defer b.StopTimer()
	}
	began := time.Now()
	side(n)
	return float64(time.Since(began).Nanoseconds()) / float64(n)
}

// median returns the middle of times, which it puts in order.
func median(times []float64) float64 {
	slices.Sort(times)
	middle := len(times) / 2
	if len(times)%2 == 1 {
		return times[middle]
	}
	return (times[middle-1] + times[middle]) / 2
}
