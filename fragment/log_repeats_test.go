package fragment_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A Backend that is down: one line a second for each thing that fails, and how
// many there would have been.
func TestLogLeavesOutEqualFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		f := newFaulty(false, "get", "set")
		f.on.Store(true)
		c := open(t, local{&f.meddler}, fragment.Options{Observe: fragment.LogTo(j.at(slog.LevelInfo))})
		for range 25 {
			for i := range 10 {
				k := fragment.KeyOf(fmt.Sprint("name ", i))
				wantDo(t, c, k, fragment.Policy{}, give("v"), "v")
			}
			time.Sleep(100 * time.Millisecond)
		}
		got := j.take()
		if len(got) != 6 {
			t.Fatalf("500 faults in 2.5 s logged %d lines, want 3 of get and 3 of set:\n%s", len(got), strings.Join(got, "\n"))
		}
		for i, line := range got {
			want := []string{"reason=get", "reason=set"}[i%2]
			if !strings.Contains(line, want) || strings.Contains(line, " left_out=99") != (i > 1) {
				t.Errorf("line %d is %s\nwant %s, and left_out=99 after the first second", i, line, want)
			}
		}
		if n := c.Stats().Faults; n != 500 {
			t.Errorf("%d faults counted, want 500", n)
		}
	})
}

// What makes lines equal.
func TestLogLeavesOutEqualLinesAlone(t *testing.T) {
	fault := fragment.Event{Kind: fragment.EventFault, Cache: "c", Name: "n", Reason: "get", Err: errDisk}
	stale := fragment.Event{Kind: fragment.EventStale, Cache: "c", Name: "n", Reason: "r", Err: errFill}
	with := func(e fragment.Event, change func(*fragment.Event)) fragment.Event { change(&e); return e }
	breaker := fragment.Event{Kind: fragment.EventBreaker, Reason: "open"}
	for _, c := range []struct {
		what   string
		first  fragment.Event
		second fragment.Event
		lines  int
	}{
		{"a fault again", fault, fault, 1},
		{"a fault under another name", fault, with(fault, func(e *fragment.Event) { e.Name = "m" }), 1},
		{"a fault by another error", fault, with(fault, func(e *fragment.Event) { e.Err = errFill }), 1},
		{"a fault of another cache", fault, with(fault, func(e *fragment.Event) { e.Cache = "d" }), 2},
		{"a fault in another call", fault, with(fault, func(e *fragment.Event) { e.Reason = "set" }), 2},
		{"a stale value again", stale, stale, 1},
		{"a stale value under another name", stale, with(stale, func(e *fragment.Event) { e.Name = "m" }), 2},
		{"the breaker", breaker, breaker, 2},
		{"a hit again", fragment.Event{Kind: fragment.EventHit}, fragment.Event{Kind: fragment.EventHit}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			var j journal
			observe := fragment.LogTo(j.at(slog.LevelDebug))
			observe(t.Context(), c.first)
			time.Sleep(time.Second - 1)
			observe(t.Context(), c.second)
			if got := j.take(); len(got) != c.lines {
				t.Errorf("%s: logged %q, want %d lines", c.what, got, c.lines)
			}
			time.Sleep(time.Second)
			observe(t.Context(), c.second)
			if got := j.take(); len(got) != 1 || strings.Contains(got[0], "left_out=1") != (c.lines == 1) {
				t.Errorf("%s, a second later: logged %q, want one line", c.what, got)
			}
		})
	}
}

// A level that is not enabled uses up no line of those that are.
func TestLogCountsNothingThatIsNotEnabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		level := new(slog.LevelVar)
		level.Set(slog.LevelError)
		observe := fragment.LogTo(slog.New(slog.NewTextHandler(&j.text, &slog.HandlerOptions{Level: level})))
		fault := fragment.Event{Kind: fragment.EventFault}
		observe(t.Context(), fault)
		level.Set(slog.LevelInfo)
		observe(t.Context(), fault)
		if got := j.take(); len(got) != 1 || strings.Contains(got[0], "left_out") {
			t.Errorf("logged %q, want one line before which nothing was left out", got)
		}
	})
}

func TestLogOfFaultsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		observe := fragment.LogTo(j.at(slog.LevelInfo))
		fault := fragment.Event{Kind: fragment.EventFault, Cache: "c", Reason: "get", Err: errDisk}
		together(8, func(int) {
			for range 1000 {
				observe(context.Background(), fault)
			}
		})
		if got := j.take(); len(got) != 1 {
			t.Errorf("8000 faults at once logged %d lines, want 1", len(got))
		}
		time.Sleep(time.Second)
		observe(t.Context(), fault)
		if got := j.take(); len(got) != 1 || !strings.HasSuffix(got[0], " left_out=7999") {
			t.Errorf("logged %q, want one line with left_out=7999", got)
		}
	})
}

// However many faults differ, few lines are written, and what is new a second
// later has lines of its own again.
func TestLogOfFaultsThatAllDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		observe := fragment.LogTo(j.at(slog.LevelInfo))
		for range 3 {
			for i := range 5000 {
				observe(t.Context(), fragment.Event{Kind: fragment.EventFault, Reason: fmt.Sprint("reason ", i%2500)})
			}
			if n := len(j.take()); n < 100 || n > 101 {
				t.Errorf("2500 reasons logged %d lines, want 100 and one for the rest", n)
			}
			time.Sleep(time.Second)
			for _, reason := range []string{"another", "and another"} {
				observe(t.Context(), fragment.Event{Kind: fragment.EventFault, Reason: reason})
			}
			if got := j.take(); len(got) != 2 {
				t.Errorf("a second later: logged %q, want two lines", got)
			}
			time.Sleep(time.Second)
		}
	})
}
