package main

import (
	"net/http"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"
)

// zenInBlock answers GET /block/zen. The template asks for the quote inside of
// its <% cache 30 %> block, so it is drawn when the block is rendered.
func (s *Site) zenInBlock(c echo.Context) error {
	quote := func() (Quote, error) { return randomQuote(c.Request().Context()) }
	return c.Render(http.StatusOK, "block_zen.html", pongo2.Context{"quote": quote})
}
