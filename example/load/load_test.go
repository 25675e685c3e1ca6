package main_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	main "github.com/pongocache/pongocache/example/load"
)

// A page is late if it shows less than was known before it was asked for.
func TestLateIsWhatWasKnownBefore(t *testing.T) {
	now := time.Now()
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	known := []time.Time{at(10), at(20)} // of the first user and the second
	for _, c := range []struct {
		sent  int
		shows int
		want  time.Duration
	}{
		{sent: 5, shows: 0},
		{sent: 5, shows: 1}, // it was added before it was known
		{sent: 15, shows: 1},
		{sent: 15, shows: 0, want: 5 * time.Second},
		{sent: 25, shows: 2},
		{sent: 25, shows: 1, want: 5 * time.Second},
		{sent: 25, shows: 0, want: 15 * time.Second},
	} {
		if got := main.Late(known, at(c.sent), c.shows); got != c.want {
			t.Errorf("a page of second %d that shows %d: got late by %v, want %v", c.sent, c.shows, got, c.want)
		}
	}
}

func TestPagesAreRead(t *testing.T) {
	for body, want := range map[string]int{
		"<caption>125 users</caption>":                             125,
		"<p class=\"big\">0</p>\n<p>users of that first name</p>":  0,
		"<p class=\"big\">12</p>\n<p>users of that first name</p>": 12,
		"<p class=\"big\">12:34:56.789</p>":                        -1,
	} {
		if got := main.UsersOn(body); got != want {
			t.Errorf("%q: got %d users, want %d", body, got, want)
		}
	}
	if got := main.Versions(`<p data-made="1">a`, `<p data-made="1">b`, `<p data-made="2">a`); got != 2 {
		t.Errorf("got %d versions, want 2", got)
	}
}

func TestBreakersAreReadInLogs(t *testing.T) {
	const line = `time=20:33:00.000 level=WARN msg="cache breaker" cache=default reason=` // as the site writes it
	for _, c := range []struct {
		log    string
		opened int
		away   bool
	}{
		{log: "msg=request path=/\n"},
		{log: line + "open err=\"i/o timeout\"\n", opened: 1, away: true},
		{log: line + "open\n" + line + "\"half open\"\n", opened: 1, away: true},
		{log: line + "open\n" + line + "\"half open\"\n" + line + "closed\n", opened: 1},
		{log: line + "open\n" + line + "closed\n" + line + "open\n", opened: 2, away: true},
	} {
		if opened, away := main.BreakersIn(c.log); opened != c.opened || away != c.away {
			t.Errorf("%q: got opened %d times, away %v, want %d, %v", c.log, opened, away, c.opened, c.away)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond)
	}
	p50, p99 := main.Quantiles(times...)
	if p50 != 100*time.Millisecond || p99 != 198*time.Millisecond {
		t.Errorf("got %v and %v, want 100ms and 198ms", p50, p99)
	}
	if p50, p99 = main.Quantiles(time.Second); p50 != time.Second || p99 != time.Second {
		t.Errorf("of one: got %v and %v, want 1s", p50, p99)
	}
}

// Whatever ends the world, what was started in it ends with it.
func TestWorldEndsWhatItStarted(t *testing.T) {
	var folder string
	ended := 0
	err := main.InWorld(func(w *main.World) {
		folder = w.TempDir()
		w.Cleanup(func() { ended++ })
		w.Fatalf("nothing on %s", "127.0.0.1:1")
	})
	if err == nil || err.Error() != "nothing on 127.0.0.1:1" {
		t.Errorf("got error %v, want why it ended", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) || ended != 1 {
		t.Errorf("the folder is still there, or the cleanup ran %d times: %v", ended, err)
	}
	func() {
		defer func() { recover() }()
		main.InWorld(func(w *main.World) {
			w.Cleanup(func() { ended++ })
			panic("a defect")
		})
	}()
	if ended != 2 {
		t.Errorf("a panic kept the cleanup from running")
	}
}

func TestBadFlagsSayWhatToWrite(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-visitors 0", "1 to 1000 visitors"},
		{"-visitors 1001", "1 to 1000 visitors"},
		{"-pages -1", "at least one page"},
		{"-delay -1s", "at least one page"},
		{"fast", `"fast"`},
	} {
		err := main.Run(t.Context(), strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q in it", c.args, err, c.want)
		}
	}
}
