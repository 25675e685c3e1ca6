package main

import (
	"context"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// A Greeting is made for one name.
type Greeting struct {
	Name      string
	Namesakes int // users of that first name
	Made      time.Time
}

// newGreetings memoizes greet: it runs once for each name and five seconds, and
// again after a user was added, because its answers bear the tag "users".
func (s *Site) newGreetings() *memo.Func[string, Greeting] {
	return memo.New(s.cache, "greeting", fragment.Policy{TTL: 5 * time.Second, Tags: []string{"users"}}, s.greet)
}

// greet makes the greeting for a name.
func (s *Site) greet(ctx context.Context, name string) (Greeting, error) {
	namesakes, err := s.database.Namesakes(ctx, name)
	return Greeting{Name: name, Namesakes: namesakes, Made: time.Now()}, err
}

// hello answers GET /hello/:name.
func (s *Site) hello(c echo.Context) error {
	name := c.Param("name")
	if c.Request().URL.RawPath != "" { // Echo then hands on the path as it was escaped
		name, _ = url.PathUnescape(name)
	}
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > 80 {
		return echo.NewHTTPError(http.StatusBadRequest, "A name is 1 to 80 characters of text, as in /hello/Ada.")
	}
	greeting, err := s.greetings.Get(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "hello.html", pongo2.Context{"greeting": greeting})
}
