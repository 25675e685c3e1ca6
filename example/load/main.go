// Load runs the example site as three processes behind nginx, with one Redis and
// one database, and visits it: many at once for a page that nobody has, many one
// after another, many while the data changes, and one alone. It prints a table of
// what they saw, and fails if a promise was broken:
//
//   - one fill per key across all processes, however many ask at once;
//   - no page fails;
//   - what was made before a change is not served after it.
//
// Everything it starts listens on the loopback address, on free ports, keeps its
// files in a temporary folder, and ends with it. It needs redis-server and nginx:
//
//	make load                          installs them on Debian and Ubuntu
//	go run ./example/load -help
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// A config is what the flags say.
type config struct {
	visitors int           // at once
	pages    int           // of the long visit
	changes  int           // of the data
	pause    time.Duration // after each other change
	delay    time.Duration // of each query
	near     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE) // the last is of a pipe to head
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	c, err := parseFlags(args, out)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("not done after %v", longest))
	defer cancel()
	err = inWorld(func(w *world) { visitAll(ctx, w, c, out) })
	if ctx.Err() != nil {
		return context.Cause(ctx) // and what failed, failed for that
	}
	return err
}

// longest is how long all of it may take.
const longest = 3 * time.Minute

func visitAll(ctx context.Context, w *world, c config, out io.Writer) {
	s := start(ctx, w, c)
	fmt.Fprint(out, s.title())
	r := &report{out: out}
	for _, part := range []func(context.Context, *stack, *report){together, long, changing, alone} {
		if ctx.Err() != nil {
			return
		}
		part(ctx, s, r)
	}
	if len(r.broken) > 0 {
		w.Fatal("broken promises:\n  " + strings.Join(r.broken, "\n  "))
	}
	fmt.Fprintln(out, "\nAll promises were kept.")
}

func parseFlags(args []string, out io.Writer) (c config, err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&c.visitors, "visitors", 200, "how many come at once for a page that nobody has")
	flags.IntVar(&c.pages, "pages", 20_000, "how many pages the long visit asks for, within 30 s at most")
	flags.IntVar(&c.changes, "changes", 25, "how often the data changes under those who read it")
	flags.DurationVar(&c.pause, "pause", 450*time.Millisecond, "after each other change; the one after that follows at once")
	flags.DurationVar(&c.delay, "delay", 150*time.Millisecond, "what each query takes")
	flags.BoolVar(&c.near, "near", false, "let each process keep copies near: tiered:?near=bigcache://&far=redis://…")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	bounded := func(n int) bool { return n >= 1 && n <= 1_000_000 }
	switch {
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q: -help lists what can be given", flags.Arg(0))
	case c.visitors > 1000 || !bounded(c.visitors) || !bounded(c.pages) || !bounded(c.changes) || c.delay < 0 || c.pause < 0:
		return c, errors.New("want 1 to 1000 visitors, at least one page and one change, and no time below zero")
	}
	return c, nil
}
