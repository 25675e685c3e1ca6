// Example is a small site that uses pongocache in every way that there is: a
// whole view, a block of a template, a memoized function, and a cache read and
// written by hand. Each topic is one file and one route.
//
//	go run ./example
//
// needs nothing but Go: its data is in SQLite, in a temporary file, and its
// cache in memory. The flag -cache puts that elsewhere, as do the variables
// CACHE_URL and CACHES. See go run ./example -help for the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "example:", err)
	os.Exit(1)
}

// run is the program: it returns when ctx has ended and the site is down.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	config, err := parseFlags(args, out)
	if err != nil {
		return err
	}
	if config.Clear {
		return clearAndReport(ctx, config, out)
	}
	site, err := New(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()

	listener, err := net.Listen("tcp", config.Addr)
	if err != nil {
		return fmt.Errorf("-addr: %w: choose another, such as -addr 127.0.0.1:8081", err)
	}
	fmt.Fprint(out, site.Summary(listener.Addr()))
	return site.Serve(ctx, listener)
}
