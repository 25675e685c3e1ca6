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
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
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

// keeper is a Backend that tells what was stored.
type keeper struct {
	fragment.Backend
	mu   sync.Mutex
	seen strings.Builder
}

func newKeeper() *keeper { return &keeper{Backend: fragmenttest.NewMemory()} }

func (k *keeper) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	k.mu.Lock()
	k.seen.Write(value)
	k.mu.Unlock()
	return k.Backend.Set(ctx, key, value, ttl)
}

func (k *keeper) wantWithout(t *testing.T, secret string) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if strings.Contains(k.seen.String(), secret) {
		t.Errorf("%q was stored", secret)
	}
}

func TestEachVisitorHasHolesOfHisOwn(t *testing.T) {
	k := newKeeper()
	s := newHoleSite(t, k)
	s.page("/", sharedCookie, s.html("<p>Hello {name}, {args a b}!</p>"))
	ada := s.as("/", "ada", "<p>Hello secret-ada, a b!</p>")
	bob := s.as("/", "bob", "<p>Hello secret-bob, a b!</p>")
	guest := s.as("/", "", "<p>Hello secret-guest, a b!</p>")
	if n := s.renders.Load(); n != 1 {
		t.Errorf("the handler ran %d times", n)
	}
	k.wantWithout(t, "secret")
	if status(ada) != "fwd=uri-miss; stored" || status(bob) != "hit" {
		t.Errorf("got %q and %q", status(ada), status(bob))
	}
	tags := map[string]bool{}
	for _, w := range []*httptest.ResponseRecorder{ada, bob, guest} {
		tags[w.Header().Get("Etag")] = true
		if cc := w.Header().Get("Cache-Control"); cc != "private, no-cache" {
			t.Errorf("Cache-Control is %q", cc)
		}
	}
	if len(tags) != 3 || tags[""] {
		t.Errorf("three visitors have the entity tags %v", tags)
	}
}

func TestConditionsAreAnsweredForEachVisitor(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	s.page("/", sharedCookie, s.html("Hello {name}"))
	tag := s.as("/", "ada", "Hello secret-ada").Header().Get("Etag")
	same := s.as("/", "ada", "", "If-None-Match: "+tag)
	if same.Code != http.StatusNotModified || same.Header().Get("Etag") != tag || same.Header().Get("Cache-Control") != "private, no-cache" {
		t.Errorf("ada got %d, %v", same.Code, same.Header())
	}
	if w := s.as("/", "bob", "Hello secret-bob", "If-None-Match: "+tag); w.Code != http.StatusOK {
		t.Errorf("bob got %d for the entity tag of ada", w.Code)
	}
	head := s.do(http.MethodHead, "/", "Cookie: user=ada")
	if head.Body.Len() > 0 || head.Header().Get("Content-Length") != "16" || head.Header().Get("Etag") != tag {
		t.Errorf("HEAD: got %q, %v", head.Body, head.Header())
	}
	// Anew, and the same bytes: the tag of a page does not depend on its marks.
	if err := s.cache.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := s.as("/", "ada", "", "If-None-Match: "+tag); w.Code != http.StatusNotModified {
		t.Errorf("after a refill ada got %d", w.Code)
	}
}

func TestEntityTagOfTheHandlerIsATagOfTheWhole(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	for path, tag := range map[string]string{"/strong": `"v1"`, "/weak": `W/"v1"`} {
		s.page(path, sharedCookie, func(c echo.Context) error {
			c.Response().Header().Set("Etag", tag)
			c.Response().Header().Set("Last-Modified", "Tue, 10 Nov 2026 08:00:00 GMT")
			return nil
		}, s.html("{name}"))
		ada, bob := s.as(path, "ada", "secret-ada"), s.as(path, "bob", "secret-bob")
		a, b := ada.Header().Get("Etag"), bob.Header().Get("Etag")
		if a == b || a == tag || strings.HasPrefix(tag, "W/") != strings.HasPrefix(a, "W/") {
			t.Errorf("%s: got %s and %s", tag, a, b)
		}
		if ada.Header().Get("Last-Modified")+bob.Header().Get("Last-Modified") != "" {
			t.Errorf("%s: Last-Modified is that of the shared part", tag)
		}
	}
}

// A page that a shared cache may store must not have what is of one visitor in it.
func TestPublicPageWithHolesIsNotStored(t *testing.T) {
	for _, header := range []string{
		"Cache-Control: public", "Cache-Control: max-age=60", "Cache-Control: no-transform, S-MaxAge=60",
		"Expires: Wed, 25 Nov 2026 08:00:00 GMT", "Surrogate-Control: max-age=60", "CDN-Cache-Control: max-age=60",
	} {
		s := newHoleSite(t, fragmenttest.NewMemory())
		name, value, _ := strings.Cut(header, ": ")
		s.page("/", sharedCookie, func(c echo.Context) error {
			c.Response().Header().Set(name, value)
			return nil
		}, s.html("{name}"))
		for _, user := range []string{"ada", "bob"} {
			w := s.as("/", user, "secret-"+user)
			if got := status(w); got != "fwd=uri-miss; detail=public-hole" {
				t.Errorf("%s: got %s", header, got)
			}
			if h := w.Header(); h.Get("Cache-Control") != "private, no-cache" || name != "Cache-Control" && h.Get(name) != "" {
				t.Errorf("%s: sent %v", header, h)
			}
		}
	}
}

func TestBrowserIsNotForPagesWithHoles(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	config := sharedCookie
	config.Browser = "public, max-age=60"
	s.page("/", config, s.html("{name}"))
	for _, user := range []string{"ada", "bob"} {
		if cc := s.as("/", user, "secret-"+user).Header().Get("Cache-Control"); cc != "private, no-cache" {
			t.Errorf("%s got %q", user, cc)
		}
	}
}

func TestHoleThatFailsIsAnErrorOfTheRequest(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	s.page("/", sharedCookie, s.html("Hello {fails}"))
	for range 2 {
		w := s.get("/")
		if w.Code != http.StatusTeapot || strings.Contains(w.Body.String(), "Hello") || w.Header().Get("Etag") != "" {
			t.Errorf("got %d %q, %v", w.Code, w.Body, w.Header())
		}
	}
}

func TestCookieOfAHoleIsOfOneVisitor(t *testing.T) {
	k := newKeeper()
	s := newHoleSite(t, k)
	s.page("/", sharedCookie, s.html("x{cookie}"))
	for _, user := range []string{"ada", "bob"} {
		if got := s.as("/", user, "x").Header()["Set-Cookie"]; len(got) != 1 || got[0] != "seen="+user {
			t.Errorf("%s got the cookies %q", user, got)
		}
	}
	if s.renders.Load() != 1 {
		t.Error("the page was not stored")
	}
	k.wantWithout(t, "seen=")
}

// Where a page is not stored it is right all the same.
func TestPagesThatAreNotStoredHaveTheirHoles(t *testing.T) {
	for name, c := range map[string]struct {
		with func(config *echoext.PageConfig)
		f    func(s *holeSite, c echo.Context) error
		want string
	}{
		"status": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			return errors.Join(err, c.HTML(http.StatusNotFound, "<"+b.String()+">"))
		}, want: "<secret-ada>"},
		"status and length": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			c.Response().Header().Set("Content-Length", strconv.Itoa(b.Len()))
			return errors.Join(err, c.HTML(http.StatusNotFound, b.String()))
		}, want: "secret-ada"},
		"large": {f: func(s *holeSite, c echo.Context) error {
			return s.html(strings.Repeat("x", 100) + "{name}.")(c)
		}, with: func(c *echoext.PageConfig) { c.MaxBody = 90 }, want: strings.Repeat("x", 100) + "secret-ada."},
		"in pieces": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			c.Response().WriteHeader(http.StatusNotFound)
			for _, one := range []byte("ah " + b.String() + " h <h") {
				_, e := c.Response().Write([]byte{one})
				err = errors.Join(err, e)
			}
			return err
		}, want: "ah secret-ada h <h"},
		"flushed": {f: func(s *holeSite, c echo.Context) error {
			w := c.Response()
			err := s.registry.WriteHole(c.Request().Context(), w, "name")
			w.Flush()
			return errors.Join(err, s.registry.WriteHole(c.Request().Context(), w, "args", 1))
		}, want: "secret-ada1"},
		"set-cookie": {f: func(s *holeSite, c echo.Context) error {
			c.SetCookie(&http.Cookie{Name: "a", Value: "b"})
			return s.html("{name}")(c)
		}, want: "secret-ada"},
		"cache off": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Policy.TTL = -1 }, want: "secret-ada"},
		"cache not open": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Cache = c.Cache.Registry().Cache("later") }, want: "secret-ada"},
		"cache of no registry": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Cache, _ = fragment.New(fragmenttest.NewMemory(), fragment.Options{}) }, want: "secret-ada"},
		"inside of a loader": {f: func(s *holeSite, c echo.Context) error {
			value, err := s.cache.Do(c.Request().Context(), fragment.KeyOf("loader"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
				var b strings.Builder
				err := s.registry.WriteHole(ctx, &b, "name")
				return []byte(b.String()), err
			})
			return errors.Join(err, c.HTMLBlob(http.StatusOK, value))
		}, want: "secret-ada"},
		"changed": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			return errors.Join(err, c.HTML(http.StatusOK, strings.ToUpper(b.String())))
		}, want: "SECRET-ADA"},
		"escaped": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "args", "<b>")
			return errors.Join(err, c.HTML(http.StatusOK, strings.ReplaceAll(b.String(), "<", "&lt;")))
		}, want: "&lt;b>"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper()
			s := newHoleSite(t, k)
			config := sharedCookie
			config.Cache = s.cache
			if c.with != nil {
				c.with(&config)
			}
			s.page("/", config, func(ec echo.Context) error { return c.f(s, ec) })
			for _, user := range []string{"ada", "bob"} {
				w := s.as("/", user, strings.NewReplacer("ada", user, "ADA", strings.ToUpper(user)).Replace(c.want))
				if cc := w.Header().Get("Cache-Control"); name != "flushed" && cc != "private, no-cache" && !strings.HasPrefix(name, "cache ") {
					t.Errorf("Cache-Control is %q", cc)
				}
			}
			if s.renders.Load() < 2 {
				t.Error("the page was stored")
			}
			k.wantWithout(t, "secret-")
			k.wantWithout(t, "SECRET-")
		})
	}
}

// Compressed inside of Page, a page has no marks that could be found.
func TestCompressedPageWithHolesIsRenderedForItsVisitor(t *testing.T) {
	for _, text := range []string{"<p>{name}</p>", strings.Repeat("x", 4000) + "{name}"} {
		k := newKeeper()
		s := newHoleSite(t, k)
		config := sharedCookie
		config.Cache = s.cache
		s.GET("/", s.html(text), echoext.PageWithConfig(config), middleware.Gzip())
		server := httptest.NewServer(s)
		defer server.Close()
		for _, user := range []string{"ada", "bob"} {
			r, _ := http.NewRequest(http.MethodGet, server.URL, nil)
			r.Header.Set("Cookie", "user="+user)
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if want := strings.ReplaceAll(text, "{name}", "secret-"+user); err != nil || string(body) != want || !response.Uncompressed {
				t.Errorf("got %.60q, %v, compressed %v", body, err, response.Uncompressed)
			}
		}
		if got := s.log.take(); got != "skip hole-lost, skip hole-lost" {
			t.Errorf("got the events %q", got)
		}
		k.wantWithout(t, "secret")
	}
}

func TestHolesOfAPageInsideAnotherMoveUp(t *testing.T) {
	k := newKeeper()
	s := newHoleSite(t, k)
	config := sharedCookie
	config.Cache = s.cache
	s.Use(echoext.PageWithConfig(config))
	s.page("/", config, s.html("Hello {name}"))
	for _, user := range []string{"ada", "bob", ""} {
		who := user
		if who == "" {
			who = "guest"
		}
		w := s.as("/", user, "Hello secret-"+who)
		if cc := w.Header().Get("Cache-Control"); cc != "private, no-cache" {
			t.Errorf("Cache-Control is %q", cc)
		}
	}
	if got := s.log.take(); got != "store, store" || s.renders.Load() != 1 {
		t.Errorf("got the events %q", got)
	}
	k.wantWithout(t, "secret")
}

// A visitor whose cookie is not harmless passes by, and has holes as well.
func TestVisitorsWhoPassByHaveHoles(t *testing.T) {
	k := newKeeper()
	s := newHoleSite(t, k)
	s.Renderer = echoext.Renderer(renderFunc(func(ctx context.Context, w io.Writer) error {
		return s.registry.WriteHole(ctx, w, "name")
	}))
	s.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "", nil) }, echoext.Page(s.cache, fragment.Policy{}))
	s.as("/", "", "secret-guest")
	s.as("/", "ada", "secret-ada")
	s.as("/", "", "secret-guest")
	k.wantWithout(t, "secret")
}

type renderFunc func(ctx context.Context, w io.Writer) error

func (f renderFunc) Render(ctx context.Context, w io.Writer, _ string, _ any) error { return f(ctx, w) }

// What a body holds that looks like a mark is text.
func TestMarksCannotBeForged(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	forged := "h <&\"'\nAAAAAAAAAAAAAAAAAAAAAAAAAA0; h <&\"'\n"
	s.page("/", sharedCookie, s.html(forged+"[{name}]"+forged))
	for range 2 {
		s.as("/", "ada", forged+"[secret-ada]"+forged)
	}
	if s.renders.Load() != 1 {
		t.Error("the page was not stored")
	}
}
