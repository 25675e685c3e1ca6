package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// Config is what the flags say.
type Config struct {
	Addr  string        // where to listen
	DB    string        // URL of a MariaDB or MySQL database, or sqlite:///path; empty is SQLite in a temporary file
	Cache string        // URL of the caches; empty is what the environment says
	Delay time.Duration // added to each query, standing for a slow database
	Clear bool          // clear the cache and leave
	Log   *slog.Logger
}

func parseFlags(args []string, out io.Writer) (Config, error) {
	config := Config{Log: newLog(out)}
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&config.Addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&config.DB, "db", "", "database `URL`, such as mysql://root@127.0.0.1:3306/test or sqlite:///var/lib/site.db (default SQLite in a temporary file)")
	flags.StringVar(&config.Cache, "cache", "", cacheUsage)
	flags.DurationVar(&config.Delay, "delay", 150*time.Millisecond, "added to each query, standing for a slow database")
	flags.BoolVar(&config.Clear, "clear", false, "clear the cache that -cache names, and leave")
	if err := flags.Parse(args); err != nil {
		return Config{}, err
	}
	if err := checkCache(flags, config.Cache); err != nil {
		return Config{}, err
	}
	if flags.NArg() > 0 && slices.ContainsFunc(args, mayHoldSecret) {
		return Config{}, errors.New("unexpected arguments: put a URL behind -db or -cache, and in quotes: -help lists what can be given")
	}
	if flags.NArg() > 0 {
		return Config{}, fmt.Errorf("unexpected argument %q: -help lists what can be given", flags.Arg(0))
	}
	if mayHoldSecret(config.Addr) {
		return Config{}, errors.New("-addr: this is no address to listen on: want host:port, such as 127.0.0.1:8080")
	}
	if config.Delay < 0 {
		return Config{}, fmt.Errorf("-delay %v: want zero or more, such as -delay 150ms", config.Delay)
	}
	return config, nil
}

const cacheUsage = "cache `URL`: bigcache://?size=128MiB, memory://, file:///var/cache/site, redis://127.0.0.1:6379/0,\n" +
	"memcached://127.0.0.1:11211, tiered:?near=bigcache://&far=redis://127.0.0.1,\n" +
	"fallback:?first=redis://127.0.0.1&then=memory://, or null: for none\n" +
	"(default CACHE_URL or CACHES of the environment, or bigcache://)"

// checkCache refuses a -cache that is given and empty: it is a variable that was
// not set, more often than the wish for the default.
func checkCache(flags *flag.FlagSet, rawURL string) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "cache" && rawURL == "" {
			err = errors.New("-cache is empty, so it has no scheme: write a URL such as bigcache:// or null:, or leave -cache out")
		}
	})
	return err
}

// newLog writes short lines for a person at a terminal.
func newLog(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch {
			case a.Key == slog.TimeKey:
				return slog.String(a.Key, a.Value.Time().Format("15:04:05.000"))
			case a.Key == slog.LevelKey && a.Value.String() == "INFO":
				return slog.Attr{}
			}
			return a
		},
	}))
}
