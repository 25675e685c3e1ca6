package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// time answers GET /time: the plainest view there is. It says the time, and
// with the page cache around it the same time for five minutes.
func (s *Site) time(c echo.Context) error {
	return c.Render(http.StatusOK, "time.html", nil)
}
