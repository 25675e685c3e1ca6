package main

import (
	"net/http"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/tags"
)

// listUsers answers GET /users. The route has the page cache around it: while
// an entry is there, this function is not called at all.
func (s *Site) listUsers(c echo.Context) error {
	users, err := s.database.Users(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "users.html", pongo2.Context{"users": users, "form": UserForm{}})
}

// listUsersInBlock answers GET /users/block. It runs on each request, but does
// not query: it hands the template a function, which pongo2 calls where the
// template uses the value, and that is inside of the cached block.
func (s *Site) listUsersInBlock(c echo.Context) error {
	users := func(ec *pongo2.ExecutionContext) ([]User, error) {
		return s.database.Users(tags.Context(ec))
	}
	return c.Render(http.StatusOK, "users_block.html", pongo2.Context{"users": users})
}

// addUser answers POST /users. Everything that was made of the users bears the
// tag "users", so one call frees the page, the block and the greetings.
func (s *Site) addUser(c echo.Context) error {
	ctx := c.Request().Context()
	form := readUserForm(c)
	if form.Invalid() {
		return c.Render(http.StatusUnprocessableEntity, "users_form.html", pongo2.Context{"form": form})
	}
	if err := s.database.AddUser(ctx, form.User); err != nil {
		return err
	}
	if err := s.caches.InvalidateTags(ctx, "users"); err != nil {
		return err
	}
	s.log.Info("added a user and freed everything tagged users")
	return seeOther(c, "/users")
}
