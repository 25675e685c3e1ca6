package ratio_test

import (
	"flag"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/ratio"
)

func TestCompareReportsRatioAndDifference(t *testing.T) {
	runBriefly(t)
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
	if x := result.Extra["x-of-baseline"]; x < 2 || x > 4 {
		t.Errorf("got x-of-baseline %.2f, want about 3", x)
	}
	if ns := result.Extra["ns-over-baseline"]; ns < 15000 || ns > 30000 {
		t.Errorf("got ns-over-baseline %.0f, want about 20000", ns)
	}
	if ns := result.NsPerOp(); ns < 30000 {
		t.Errorf("got %d ns/op, want at least the 30000 of our side", ns)
	}
}

func TestMediansKeepTheOrderOfTheSides(t *testing.T) {
	runBriefly(t)
	testing.Benchmark(func(b *testing.B) {
		m := ratio.Medians(b,
			func(n int) { spin(n, 20*time.Microsecond) },
			func(n int) { spin(n, 80*time.Microsecond) },
			func(n int) { spin(n, 40*time.Microsecond) })
		if len(m) != 3 {
			t.Fatalf("got %d medians, want 3", len(m))
		}
		if b.N > 100 && !(m[0] < m[2] && m[2] < m[1]) {
			t.Errorf("got medians %.0f, want the first the least and the second the greatest", m)
		}
	})
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
