package ratio_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/ratio"
)

// The figures are those of a quiet moment, for which a busy machine is given some
// tries.
func TestCompareReportsRatioAndDifference(t *testing.T) {
	runBriefly(t)
	var wrong string
	for range 10 {
		if wrong = compare(t); wrong == "" {
			return
		}
	}
	t.Error(wrong)
}

// compare tells what is wrong with the figures of a side that takes 10 µs and one
// that takes 30.
func compare(t *testing.T) (wrong string) {
	t.Helper()
	var baselineRuns, ourRuns int
	result := testing.Benchmark(func(b *testing.B) {
		baselineRuns, ourRuns = 0, 0
		ratio.Compare(b,
			func(n int) { baselineRuns += n; spin(n, 10*time.Microsecond) },
			func(n int) { ourRuns += n; spin(n, 30*time.Microsecond) })
	})
	if baselineRuns != result.N || ourRuns != result.N {
		t.Errorf("got %d runs of the baseline and %d of ours, want %d of each", baselineRuns, ourRuns, result.N)
	}
	x, over := result.Extra["x-of-baseline"], result.Extra["ns-over-baseline"]
	switch {
	case x < 2 || x > 4:
		return fmt.Sprintf("got x-of-baseline %.2f, want about 3", x)
	case over < 15000 || over > 30000:
		return fmt.Sprintf("got ns-over-baseline %.0f, want about 20000", over)
	case result.NsPerOp() < 30000:
		return fmt.Sprintf("got %d ns/op, want at least the 30000 of our side", result.NsPerOp())
	}
	return ""
}

func TestMediansKeepTheOrderOfTheSides(t *testing.T) {
	runBriefly(t)
	var m []float64
	for range 10 {
		testing.Benchmark(func(b *testing.B) {
			m = ratio.Medians(b,
				func(n int) { spin(n, 20*time.Microsecond) },
				func(n int) { spin(n, 80*time.Microsecond) },
				func(n int) { spin(n, 40*time.Microsecond) })
		})
		if len(m) != 3 {
			t.Fatalf("got %d medians, want 3", len(m))
		}
		if m[0] < m[2] && m[2] < m[1] {
			return
		}
	}
	t.Errorf("got medians %.0f, want the first the least and the second the greatest", m)
}

// runBriefly makes testing.Benchmark run so many times, whatever that takes.
func runBriefly(t *testing.T) {
	old := flag.Lookup("test.benchtime").Value.String()
	flag.Set("test.benchtime", "1000x")
	t.Cleanup(func() { flag.Set("test.benchtime", old) })
}

// spin works n times for d each.
func spin(n int, d time.Duration) {
	for range n {
		for began := time.Now(); time.Since(began) < d; {
		}
	}
}
