package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// A Site is the whole program as a value.
type Site struct {
	config   Config
	log      *slog.Logger
	database *Database
	caches   *fragment.Registry // all of the site's caches
	cache    *fragment.Cache    // the one that most of the site uses
	web      *echo.Echo

	greetings   *memo.Func[string, Greeting]
	currentTime *memo.Thunk[CurrentTime]
	quote       *memo.Thunk[Quote]
	comments    *memo.Thunk[Comments]
}

// New opens the database and the caches, and declares the routes.
func New(ctx context.Context, config Config) (*Site, error) {
	s := &Site{config: config, log: config.Log, caches: newRegistry(config.Log), web: echo.New()}
	s.cache = s.caches.Cache(fragment.DefaultName)
	s.greetings, s.comments = s.newGreetings(), s.newComments()
	s.currentTime, s.quote = newCurrentTime(s.cache), newQuote(s.cache)
	if err := s.routes(); err != nil {
		return nil, err
	}
	if err := openCaches(ctx, s.caches, config.Cache); err != nil {
		return nil, err
	}
	var err error
	if s.database, err = OpenDatabase(ctx, config.DB, config.Delay, config.Log); err != nil {
		return nil, errors.Join(err, s.caches.Close())
	}
	s.warn()
	return s, nil
}

// Close closes what New opened.
func (s *Site) Close() error {
	return errors.Join(s.caches.Close(), s.database.Close())
}

// Summary tells a person at a terminal what runs where.
func (s *Site) Summary(addr net.Addr) string {
	place, _ := describeCaches(s.config.Cache)
	return fmt.Sprintf(`The example site of pongocache
  address   http://%s/
  database  %s
  cache     %s
  delay     %v, added to each query to stand for a slow database (-delay 0 for none)
An interrupt (Ctrl-C) stops it. A query that the log does not show, a cache has answered.
`, addr, s.database.Place, place, s.config.Delay)
}
