package main

import (
	"net/http"
	"sync/atomic"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"
)

// A zenMaster is a struct whose method is a handler. It counts how often it was
// asked; those who were answered from the cache it never met.
type zenMaster struct {
	asked atomic.Int64
}

func (z *zenMaster) zen(c echo.Context) error {
	quote, err := randomQuote(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "method_zen.html", pongo2.Context{"quote": quote, "asked": z.asked.Add(1)})
}
