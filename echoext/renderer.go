package echoext

import (
	"context"
	"errors"
	"io"

	"github.com/labstack/echo/v4"
)

// Renderer returns an echo.Renderer that renders by t, usually a
// *templates.Set, with the context of the request. Cached blocks of a template
// then belong to the page around them, if that is cached too, and end with its
// request.
func Renderer(t interface {
	Render(context.Context, io.Writer, string, any) error
}) echo.Renderer {
	return renderer{t}
}

type renderer struct {
	t interface {
		Render(context.Context, io.Writer, string, any) error
	}
}

func (r renderer) Render(w io.Writer, name string, data any, c echo.Context) error {
	if r.t == nil {
		return errors.New("echoext: Renderer was given no templates: pass a *templates.Set")
	}
	return r.t.Render(withEcho(c.Request().Context(), c), w, name, data)
}
