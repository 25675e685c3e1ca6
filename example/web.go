package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// logRequest writes one line a request, with what the page cache did.
func (s *Site) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err) // writes the error page, so that its status is known here
		}
		response := c.Response()
		line := []any{"method", c.Request().Method, "path", c.Request().URL.Path,
			"status", response.Status, "took", time.Since(start).Round(10 * time.Microsecond)}
		if page := response.Header().Get("Cache-Status"); page != "" {
			line = append(line, "page", page)
		}
		s.log.Info("request", line...)
		return nil
	}
}

// secured sets the headers that keep a page to itself: it loads nothing from
// elsewhere, runs no script, and is shown in no frame.
func secured() echo.MiddlewareFunc {
	return middleware.SecureWithConfig(middleware.SecureConfig{
		XSSProtection:         "0",
		ContentTypeNosniff:    "nosniff",
		XFrameOptions:         "DENY",
		ReferrerPolicy:        "same-origin",
		ContentSecurityPolicy: "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	})
}

// refuseCrossSite refuses what another site makes a visitor's browser send. It
// goes by the headers that browsers add to each request, so a form needs no
// secret token and can be part of a page that is cached for everybody.
func refuseCrossSite() echo.MiddlewareFunc {
	protection := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := protection.Check(c.Request()); err != nil {
				return echo.NewHTTPError(http.StatusForbidden,
					"This form was sent from a page of another site, so nothing was changed. Please use the form on this site.")
			}
			return next(c)
		}
	}
}

// showError answers with a page that says what happened, and leaves the
// details of what is not the visitor's fault to the log.
func (s *Site) showError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, message := http.StatusInternalServerError, "Something went wrong here. The log of the site says what."
	var known *echo.HTTPError
	switch {
	case errors.As(err, &known) && known.Code == http.StatusNotFound:
		status, message = known.Code, "There is no such page. The first page lists what there is."
	case errors.As(err, &known):
		status, message = known.Code, explanation(known)
	case c.Request().Context().Err() != nil:
		// The visitor has left, or the site is being stopped. Nothing written would
		// be an empty page with the status 200, which somebody may keep.
		status, message = http.StatusServiceUnavailable, "The site is being restarted. Please try again in a moment."
	default:
		s.log.Error("request failed", "path", c.Request().URL.Path, "error", err)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	data := pongo2.Context{"status": status, "title": http.StatusText(status), "message": message}
	if err := c.Render(status, "error.html", data); err != nil {
		s.log.Error("error page failed", "error", err)
	}
}

func explanation(err *echo.HTTPError) string {
	if text, ok := err.Message.(string); ok {
		return text
	}
	return http.StatusText(err.Code)
}

// seeOther sends the visitor on after a post, so that a reload posts nothing.
func seeOther(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, path)
}
