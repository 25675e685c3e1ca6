package echoext_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// outside adds a header before Page.
func outside(name, value string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Header().Add(name, value)
			return next(c)
		}
	}
}

func TestWhatMiddlewareOutsideSetsStays(t *testing.T) {
	s := newSite(t)
	s.Use(middleware.CSRF(), outside("Link", "</outer>"))
	s.page("/cookie", echoext.PageConfig{}, func(c echo.Context) error {
		c.SetCookie(&http.Cookie{Name: "inner", Value: "1"})
		return nil
	})
	s.page("/link", echoext.PageConfig{}, func(c echo.Context) error {
		c.Response().Header().Add("Link", "</inner>")
		return nil
	})
	if got := s.get("/cookie").Header()["Set-Cookie"]; len(got) != 2 {
		t.Errorf("Set-Cookie is %q, want that of CSRF and that of the handler", got)
	}
	for range 2 {
		if got := s.get("/link").Header()["Link"]; !slices.Equal(got, []string{"</outer>", "</inner>"}) {
			t.Errorf("Link is %q, want both", got)
		}
	}
}

func TestCacheControlOfMiddlewareOutsideCounts(t *testing.T) {
	s := newSite(t)
	s.Use(outside("Cache-Control", "private, no-store"))
	s.page("/", echoext.PageConfig{})
	s.page("/own", echoext.PageConfig{}, func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "public")
		return nil
	})
	if s.stored("/") || !s.stored("/own") {
		t.Error("what is sent to the client says whether a page is stored")
	}
	if got := s.get("/").Header()["Cache-Control"]; !slices.Equal(got, []string{"private, no-store"}) {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestAnswerThatWasSentIsNotAddedTo(t *testing.T) {
	for name, fail := range map[string]func(c echo.Context) error{
		"streamed":  func(c echo.Context) error { return c.String(200, strings.Repeat("n", 600<<10)) },
		"a status":  func(c echo.Context) error { return c.String(500, "oops") },
		"flushed":   func(c echo.Context) error { _ = c.String(200, "new"); c.Response().Flush(); return nil },
		"not begun": func(c echo.Context) error { return nil },
	} {
		s, failing := newSite(t), false
		var wrote string
		s.GET("/", func(c echo.Context) error {
			if !failing {
				return c.String(200, "old page")
			}
			_ = fail(c)
			return errors.New("boom")
		}, echoext.PageWithConfig(echoext.PageConfig{Cache: s.cache, Refresh: func(echo.Context) bool { return failing }}))
		s.get("/")
		failing = true
		w := s.get("/")
		wrote = w.Body.String()
		if name == "not begun" {
			if wrote != "old page" || status(w) != "fwd=stale; detail=refill-failed" {
				t.Errorf("%s: got %q %q, want the old page", name, wrote, status(w))
			}
			continue
		}
		if strings.Contains(wrote, "old page") || len(w.Header()["Cache-Status"]) != 1 {
			t.Errorf("%s: the old page is added to what was sent: %.20q… %v", name, wrote, w.Header()["Cache-Status"])
		}
	}
}

func TestRefreshComesBeforeConditions(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{Refresh: func(c echo.Context) bool { return c.Request().Header.Get("X-Warm") != "" }})
	tag := s.get("/").Header().Get("Etag")
	if w := s.get("/", "If-None-Match: "+tag, "X-Warm: 1"); w.Code != 200 || s.renders.Load() != 2 {
		t.Errorf("a refresh with If-None-Match got %d after %d renders", w.Code, s.renders.Load())
	}
}

func TestRefreshThatAnswersAnErrorPageKeepsTheOldOne(t *testing.T) {
	s, failing := newSite(t), false
	s.GET("/", func(c echo.Context) error {
		if failing {
			return c.String(500, "oops")
		}
		return c.String(200, "page")
	}, echoext.PageWithConfig(echoext.PageConfig{Cache: s.cache, Refresh: func(c echo.Context) bool { return failing }}))
	s.get("/")
	failing = true
	s.get("/")
	failing = false
	if w := s.get("/"); w.Body.String() != "page" || status(w) != "hit" {
		t.Errorf("after a refresh that failed: %q %q", w.Body, status(w))
	}
}

func TestHiddenParametersInAnySpelling(t *testing.T) {
	s := newSite(t)
	var after []string
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if c.Request().Header.Get("X-Early") != "" {
				_ = c.QueryParam("x")
			}
			err := next(c)
			after = c.QueryParams()["utm_source"]
			return err
		}
	})
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		return c.String(200, fmt.Sprint(c.QueryParams()["utm_source"]))
	})
	for _, early := range []string{"X-Early: 1", "X-None: 1"} {
		_ = s.cache.Clear(t.Context())
		if w := s.get("/?utm_source=EVIL&utm%5Fsource=b", early); w.Body.String() != "[b]" {
			t.Errorf("%s: the handler saw %s of what is hidden", early, w.Body)
		}
		if !slices.Equal(after, []string{"EVIL", "b"}) {
			t.Errorf("%s: middleware outside sees %q afterwards, want all", early, after)
		}
	}
}

func TestAbsoluteTargetIsShownWithoutItsUser(t *testing.T) {
	s := newSite(t)
	s.page("/x", echoext.PageConfig{}, func(c echo.Context) error {
		r := c.Request()
		return c.String(200, fmt.Sprint(r.RequestURI, " ", r.URL.String(), " ", r.FormValue("a")))
	})
	r := httptest.NewRequest("GET", "/x?a=1", nil)
	r.RequestURI = "evil://bob:secret@example.com/x?a=1"
	r.URL.Scheme, r.URL.Host = "evil", "example.com"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if got := w.Body.String(); got != "/x?a=1 /x?a=1 1" {
		t.Errorf("the handler saw %q", got)
	}
}

func TestTokenIsFoundWhereverItIs(t *testing.T) {
	for name, handler := range map[string]func(c echo.Context) error{
		"in a header": func(c echo.Context) error {
			c.Response().Header().Set("X-Token", c.Get("csrf").(string))
			return c.String(200, "x")
		},
		"in the body": func(c echo.Context) error { return c.String(200, c.Get("csrf").(string)) },
	} {
		for _, inside := range []echo.MiddlewareFunc{outside("X-Nothing", ""), middleware.Gzip()} {
			s := newSite(t)
			n := 0
			s.GET("/", func(c echo.Context) error { n++; return handler(c) }, middleware.CSRF(), echoext.Page(s.cache, fragment.Policy{}), inside)
			for range 2 {
				s.get("/", "Accept-Encoding: gzip")
			}
			if n != 2 {
				t.Errorf("a page with a CSRF token %s is stored", name)
			}
		}
	}
}

func TestIdentityOfOnesOwn(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{Identity: []string{"x-acme-*"}})
	for _, header := range []string{
		"X-Acme-Who: a", "X-Consumer-Username: a", "X-Authenticated-Userid: a", "X-Credential-Identifier: a", "Shib-Session-Id: a", "Eppn: a",
		"Oidc_claim_sub: a", "X-Forwarded-Tls-Client-Cert: a", "X-Amzn-Mtls-Clientcert: a", "X-Arr-Clientcert: a", "X-Endpoint-Api-Userinfo: a",
		"X-Apigateway-Api-Userinfo: a", "X-Appengine-User-Email: a", "X-Auth-User: a", "X-Authorization: a", "X-Username: a", "X-User-Name: a",
		"X-Userid: a", "X-Token: a", "X-Id-Token: a", "X-Oauth-Token: a", "Tailscale-User-Login: a", "X-Authentik-Username: a",
	} {
		if w := s.get("/", header); status(w) != "fwd=bypass; detail=identity" {
			t.Errorf("%s: %q", header, status(w))
		}
	}
	for _, header := range []string{"Sec-Fetch-Site: none", "Dnt: 1", "Priority: u=0", "X-Request-Id: 1", "X-Forwarded-For: 1.2.3.4", "Te: trailers"} {
		if w := s.get("/", header); strings.HasPrefix(status(w), "fwd=bypass") {
			t.Errorf("%s: %q", header, status(w))
		}
	}
}

// What a backend says when it fails is nobody's business.
func TestFaultsAreNotShownToVisitors(t *testing.T) {
	s, faults := newSite(t), new(fragmenttest.Faults)
	faults.Inject(fragmenttest.Fault{On: fragmenttest.Writes, Err: errors.New("dial redis://shop:hunter2@10.0.0.5:6379: connection refused")})
	c, err := fragment.New(faults.Wrap(fragmenttest.NewMemory()), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.page("/", echoext.PageConfig{Cache: c})
	if got := status(s.get("/")); got != "fwd=uri-miss; detail=backend" {
		t.Errorf("Cache-Status: %s", got)
	}
}

// A page that varies is found in two steps. If the handler fails in the first,
// it is not asked again in the second.
func TestHandlerThatFailsRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, runs, broken := newSite(t), 0, false
		s.GET("/", func(c echo.Context) error {
			runs++
			if broken {
				return errors.New("boom")
			}
			c.Response().Header().Set("Vary", "Accept")
			return c.String(200, "page")
		}, echoext.Page(s.cache, fragment.Policy{TTL: time.Second, Stale: time.Minute}))
		s.get("/")
		runs, broken = 0, true
		time.Sleep(2 * time.Second)
		s.get("/")
		if runs != 1 {
			t.Errorf("the handler ran %d times for one request", runs)
		}
	})
}

func TestPageInsidePageIsStoredByBoth(t *testing.T) {
	s := newSite(t)
	s.Use(echoext.Page(s.cache, fragment.Policy{}))
	s.page("/", echoext.PageConfig{})
	first, second := s.get("/"), s.get("/")
	if s.renders.Load() != 1 || second.Header().Get("Cache-Control") != "no-cache" || len(second.Header()["Cache-Status"]) != 1 {
		t.Errorf("%d renders; %v, then %v", s.renders.Load(), first.Header(), second.Header())
	}
	if got := first.Header()["Cache-Status"]; len(got) != 1 || got[0] != "pongocache; fwd=uri-miss; stored" {
		t.Errorf("Cache-Status of the first: %q", got)
	}
}

// What is set after the header was written is not sent without the cache, and
// not stored with it: a session that is saved late is nobody else's.
func TestHeadersThatComeTooLateAreNotStored(t *testing.T) {
	s := newSite(t)
	late := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			c.SetCookie(&http.Cookie{Name: "session", Value: "secret-of-the-first"})
			c.Response().Header().Set("X-Late", "1")
			c.Response().Header().Set("Content-Type", "text/late")
			return err
		}
	}
	s.GET("/", func(c echo.Context) error { s.renders.Add(1); return c.String(200, "x") }, echoext.Page(s.cache, fragment.Policy{}), late)
	s.GET("/error", func(c echo.Context) error { return c.String(404, "x") }, echoext.Page(s.cache, fragment.Policy{}), late)
	for _, target := range []string{"/", "/", "/error"} {
		h := s.get(target).Result().Header // as it was written
		if h.Get("Set-Cookie") != "" || h.Get("X-Late") != "" || h.Get("Content-Type") == "text/late" {
			t.Errorf("%s: a header that came too late is sent: %v", target, h)
		}
	}
	if s.renders.Load() != 1 {
		t.Errorf("%d renders, want 1", s.renders.Load())
	}
}

// Middleware before the router may change the path and leave the raw path, by
// which Echo routes.
func TestPathsThatMiddlewareChanged(t *testing.T) {
	s := newSite(t)
	s.Pre(middleware.RemoveTrailingSlash())
	s.page("/f/*", echoext.PageConfig{}, func(c echo.Context) error { return c.String(200, c.Param("*")) })
	for _, target := range []string{"/f/a/b/", "/f/a%2Fb/", "/f/a%2Fb", "/f/a/b"} {
		first := s.get(target).Body.String()
		if want := strings.Trim(strings.TrimPrefix(target, "/f/"), "/"); strings.Trim(first, "/") != want {
			t.Errorf("%s is answered with the page of %q", target, first)
		}
	}
}

// A fill of a variant that began before a refresh does not undo it.
func TestRefreshOfAVariantStays(t *testing.T) {
	s, data, slow, started := newSite(t), "old", make(chan bool), make(chan bool)
	s.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Vary", "Accept-Language")
		mine := data
		if c.Request().Header.Get("X-Slow") != "" {
			started <- true
			<-slow
		}
		return c.String(200, mine)
	}, echoext.PageWithConfig(echoext.PageConfig{Cache: s.cache, Refresh: func(c echo.Context) bool { return c.Request().Header.Get("X-Warm") != "" }}))
	s.get("/", "Accept-Language: en") // what it varies by is known
	ended := make(chan bool)
	go func() { s.get("/", "Accept-Language: de", "X-Slow: 1"); ended <- true }()
	<-started
	data = "new"
	s.get("/", "Accept-Language: de", "X-Warm: 1")
	slow <- true
	<-ended
	if w := s.get("/", "Accept-Language: de"); w.Body.String() != "new" {
		t.Errorf("after a refresh: %q %q", w.Body, status(w))
	}
}

func TestHijackThatFailsLeavesTheResponse(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		if _, _, err := c.Response().Hijack(); err != nil {
			return c.String(501, "no connection")
		}
		return nil
	})
	if w := s.get("/"); w.Code != 501 || w.Body.String() != "no connection" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

// Whoever waited for a handler that failed gets the answer that the handler
// gives, with its header, not the bare error.
func TestWaitersOfAFailureGetAnswersOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
			time.Sleep(time.Second)
			c.Response().Header().Set("Retry-After", "7")
			return echo.NewHTTPError(503, "busy")
		})
		began := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if w := s.get("/"); w.Code != 503 || w.Header().Get("Retry-After") != "7" {
					t.Errorf("got %d %v", w.Code, w.Header())
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("they ran in line: %v", took)
		}
	})
}
