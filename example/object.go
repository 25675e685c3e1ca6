package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// A Teapot is an object to keep.
type Teapot struct {
	Serial int
	Colour string
	Litres float64
	Made   time.Time
}

func newTeapot() Teapot {
	colours := []string{"blue", "green", "copper", "cream"}
	return Teapot{
		Serial: 1000 + rand.IntN(9000), Colour: colours[rand.IntN(len(colours))],
		Litres: 1.2, Made: time.Now(),
	}
}

// object answers GET /object: it looks into the cache itself, and puts in what
// was not there. Of two requests that find nothing both make a teapot; where
// that matters, Cache.Do makes it once.
func (s *Site) object(c echo.Context) error {
	teapot, found, err := s.teapot(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "object.html", pongo2.Context{"teapot": teapot, "found": found})
}

func (s *Site) teapot(ctx context.Context) (teapot Teapot, found bool, err error) {
	key := fragment.KeyOf("teapot")
	value, found, err := s.cache.Get(ctx, key)
	if err != nil {
		return teapot, false, err
	}
	if found {
		return teapot, true, json.Unmarshal(value, &teapot)
	}
	teapot = newTeapot()
	if value, err = json.Marshal(teapot); err != nil {
		return teapot, false, err
	}
	if err := s.cache.Set(ctx, key, value, fragment.Policy{TTL: time.Minute}); err != nil {
		s.log.Warn("the teapot was not stored", "error", err) // the page is none the worse
	}
	return teapot, false, nil
}
