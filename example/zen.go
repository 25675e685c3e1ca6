package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// A CurrentTime is the time at which it was asked for.
type CurrentTime struct{ Made time.Time }

// A Quote is a line to think about.
type Quote struct {
	Text string
	Made time.Time
}

func currentTime(context.Context) (CurrentTime, error) {
	return CurrentTime{Made: time.Now()}, nil
}

func randomQuote(context.Context) (Quote, error) {
	return Quote{Text: quotes[rand.IntN(len(quotes))], Made: time.Now()}, nil
}

func newCurrentTime(c *fragment.Cache) *memo.Thunk[CurrentTime] {
	return memo.Value(c, "current_time", fragment.Policy{TTL: 10 * time.Second}, currentTime)
}

func newQuote(c *fragment.Cache) *memo.Thunk[Quote] {
	return memo.Value(c, "quote", fragment.Policy{TTL: 10 * time.Second}, randomQuote)
}

// zen answers GET /zen: a memoized time beside a fresh quote, and with ?swap=1
// a fresh time beside a memoized quote. Only what stands behind Get is cached.
func (s *Site) zen(c echo.Context) error {
	ctx := c.Request().Context()
	swap := c.QueryParam("swap") == "1"
	timeOf, quoteOf := s.currentTime.Get, randomQuote
	if swap {
		timeOf, quoteOf = currentTime, s.quote.Get
	}
	now, err := timeOf(ctx)
	if err != nil {
		return err
	}
	quote, err := quoteOf(ctx)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "zen.html", pongo2.Context{"swap": swap, "time": now, "quote": quote})
}
