package echoext_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

// holeSite is a site whose cache is one of a registry with these holes: name, which
// shows the cookie of the visitor; args; fails; cookie, which sets one.
type holeSite struct {
	*site
	registry fragment.Registry
	log      *eventLog
}

type eventLog struct {
	mu    sync.Mutex
	words []string
}

func (l *eventLog) observe(_ context.Context, e fragment.Event) {
	if e.Kind != fragment.EventSkip && e.Kind != fragment.EventStore {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = append(l.words, strings.TrimSpace(e.Kind.String()+" "+e.Reason))
}

func (l *eventLog) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.words = nil }()
	return strings.Join(l.words, ", ")
}

// asked returns who the request of a hole is from.
func asked(ctx context.Context) string {
	c, ok := echoext.Context(ctx)
	if !ok {
		return "nobody"
	}
	cookie, err := c.Cookie("user")
	if err != nil {
		return "guest"
	}
	return cookie.Value
}

func newHoleSite(t testing.TB, backend fragment.Backend) *holeSite {
	s := &holeSite{site: newSite(t), log: new(eventLog)}
	c, err := fragment.New(backend, fragment.Options{Observe: s.log.observe})
	if err != nil {
		t.Fatal(err)
	}
	holes := map[string]fragment.HoleFunc{
		"name": func(ctx context.Context, w io.Writer, _ []any) error {
			_, err := io.WriteString(w, "secret-"+asked(ctx))
			return err
		},
		"args": func(_ context.Context, w io.Writer, args []any) error {
			_, err := io.WriteString(w, strings.Trim(fmt.Sprint(args), "[]"))
			return err
		},
		"fails": func(context.Context, io.Writer, []any) error {
			return echo.NewHTTPError(http.StatusTeapot, "no visitor")
		},
		"cookie": func(ctx context.Context, _ io.Writer, _ []any) error {
			c, _ := echoext.Context(ctx)
			c.SetCookie(&http.Cookie{Name: "seen", Value: asked(ctx)})
			return nil
		},
	}
	err = s.registry.Use("", c)
	for name, f := range holes {
		err = errors.Join(err, s.registry.Hole(name, f))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.cache = s.registry.Cache("")
	return s
}

var sharedCookie = echoext.PageConfig{HarmlessCookies: []string{"user"}}

// html returns a handler that writes text, with each {name args} in it as a hole.
func (s *holeSite) html(text string) func(c echo.Context) error {
	return func(c echo.Context) error {
		var b strings.Builder
		rest := text
		for {
			before, after, found := strings.Cut(rest, "{")
			b.WriteString(before)
			if !found {
				return c.HTML(http.StatusOK, b.String())
			}
			inside, after, _ := strings.Cut(after, "}")
			words := strings.Fields(inside)
			args := make([]any, len(words)-1)
			for i, word := range words[1:] {
				args[i] = word
			}
			if err := s.registry.WriteHole(c.Request().Context(), &b, words[0], args...); err != nil {
				return err
			}
			rest = after
		}
	}
}

// as sends a GET with the cookie of a visitor, and compares the body.
func (s *holeSite) as(target, user, want string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	if user != "" {
		headers = append(headers, "Cookie: user="+user)
	}
	w := s.get(target, headers...)
	if got := w.Body.String(); got != want {
		s.t.Errorf("%s as %q: got %q, want %q (%s)", target, user, got, want, status(w))
	}
	if length := w.Header().Get("Content-Length"); length != "" && length != strconv.Itoa(len(want)) {
		s.t.Errorf("%s as %q: Content-Length is %s of %d bytes", target, user, length, len(want))
	}
	return w
}
