package main

import (
	"net/http"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

// modularName is the name of this module's own cache.
const modularName = "modular"

// modular declares a group of routes that could live in a package of its own.
// It asks the registry for its cache by name, at a time when nobody has opened
// that cache yet. The program opens it later, from its configuration.
func modular(group *echo.Group, caches *fragment.Registry) {
	cache := caches.Cache(modularName)
	group.Use(echoext.Page(cache, fragment.Policy{TTL: 20 * time.Second}))
	group.Match(get, "/zen", modularZen)
}

func modularZen(c echo.Context) error {
	quote, err := randomQuote(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "modular_zen.html", pongo2.Context{"quote": quote})
}
