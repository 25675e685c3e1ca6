package echoext_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

func TestCredentialsPassByTheCache(t *testing.T) {
	for why, headers := range map[string][]string{
		"authorization": {"Authorization: Bearer x", "Authorization: ", "Proxy-Authorization: Basic x"},
		"cookie": {"Cookie: session=1", "Cookie: _ga=1; session=2", "Cookie: session", "Cookie: =x", "Cookie: _gax; _ga=1",
			"Cookie:  _ga=1;\tsid=2", "Cookie: _GA=1", "Cookie: a=\"_ga=1\""},
		"identity": {"X-Forwarded-User: a", "X-Auth-Request-User: a", "X-Auth-Request-Anything: a", "Remote-User: a", "X-Remote-User: a",
			"X-Api-Key: a", "X-Auth-Token: a", "X-Amzn-Oidc-Data: a", "X-Goog-Authenticated-User-Email: a", "X-Ms-Client-Principal: a",
			"Cf-Access-Jwt-Assertion: a", "X-Ssl-Client-Cert: a", "X-Forwarded-Client-Cert: a", "X-Csrf-Token: a"},
		"range":        {"Range: bytes=0-1", "If-Range: \"x\""},
		"upgrade":      {"Upgrade: websocket"},
		"precondition": {"If-Match: \"x\"", "If-Unmodified-Since: x"},
	} {
		for _, header := range headers {
			s := newSite(t)
			s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
				return c.String(200, fmt.Sprint(s.renders.Load(), " ", c.Request().Header))
			})
			for i, order := range [][]string{{header}, {}, {header}, {}} {
				w := s.get("/", order...)
				if len(order) > 0 && status(w) != "fwd=bypass; detail="+why {
					t.Errorf("%s: status %q, want a bypass by %s", header, status(w), why)
				}
				if i == 3 && (status(w) != "hit" || strings.Contains(w.Body.String(), "Bearer")) {
					t.Errorf("%s: the anonymous visitor got %q %q", header, status(w), w.Body)
				}
			}
			if s.renders.Load() != 3 {
				t.Errorf("%s: %d renders, want one for each request with it and one without", header, s.renders.Load())
			}
		}
	}
}

func TestRequestBodyAndCertificatePassBy(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{})
	withBody := httptest.NewRequest("GET", "/", strings.NewReader("x"))
	chunked := httptest.NewRequest("GET", "/", nil)
	chunked.ContentLength, chunked.TransferEncoding = -1, []string{"chunked"}
	certified := httptest.NewRequest("GET", "/", nil)
	certified.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	for _, r := range []*http.Request{withBody, chunked, certified} {
		for range 2 {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if !strings.HasPrefix(status(w), "fwd=bypass; detail=") {
				t.Errorf("status %q", status(w))
			}
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		if w := s.do(method, "/"); w.Code == 200 {
			t.Errorf("%s got a stored page", method)
		}
	}
}

func TestEverythingThatTellsPagesApartIsKeyed(t *testing.T) {
	s := newSite(t)
	s.page("/*", echoext.PageConfig{})
	bodies := make(map[string]string)
	for _, request := range [][]string{
		{"/f/a/b"}, {"/f/a%2Fb"}, {"/f/a%252Fb"}, {"/F/a/b"}, {"/f/a/b/"}, {"/f/a/b", "Host: other"}, {"/f/a/b", "Host: example.com:81"},
		{"/f/a/b?"}, {"/f/a/b?a=1"}, {"/f/a/b?a"}, {"/f/a/b?a="}, {"/f/a/b?a=1&a=2"}, {"/f/a/b?a=2&a=1"}, {"/f/a/b?a=1%26b=2"}, {"/f/a/b?a=1&b=2"},
		{"https://example.com/f/a/b"}, {"/f/a/b", "X-Forwarded-Host: evil"}, {"/f/a/b", "X-Forwarded-Host: "}, {"/f/a/b", "Forwarded: host=evil"},
		{"/f/a/b", "X-Original-Url: /x"}, {"/f/a/b", "Hx-Request: true"}, {"/f/a/b", "X-Requested-With: XMLHttpRequest"},
	} {
		key := strings.Join(request, " ")
		if request[0] == "/f/a/b?" { // the same as without a query
			continue
		}
		body := s.get(request[0], request[1:]...).Body.String()
		for other, theirs := range bodies {
			if theirs == body {
				t.Errorf("%q is answered with the page of %q", key, other)
			}
		}
		bodies[key] = body
	}
	if w := s.get("/f/a/b?"); status(w) != "hit" {
		t.Errorf("an empty query is not the same as none: %q", status(w))
	}
}

func TestSchemeIsThatOfEcho(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error { return c.String(200, c.Scheme()) })
	ask := func(remote string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	if got := ask("203.0.113.1:1"); got != "http" {
		t.Errorf("a stranger's header is trusted: %s", got)
	}
	if got := ask("127.0.0.1:1"); got != "https" {
		t.Errorf("the proxy got the page of the stranger: %s", got)
	}
}

func TestQueryIsNormalisedAndWhatIsIgnoredIsHidden(t *testing.T) {
	show := func(c echo.Context) error {
		return c.String(200, strings.Join([]string{c.Request().URL.RawQuery, c.Request().RequestURI, c.QueryParams().Encode(),
			c.FormValue("utm_source"), c.QueryParam("utm_source")}, "|"))
	}
	for _, test := range []struct {
		config      echoext.PageConfig
		a, b        string
		same        bool
		shown       string
		description string
	}{
		{echoext.PageConfig{}, "?b=2&a=1", "?a=1&b=2", true, "a=1&b=2", "order does not matter"},
		{echoext.PageConfig{}, "?a=1&utm_source=x&b=2&gclid=9", "?a=1&b=2", true, "a=1&b=2", "tracking parameters are ignored"},
		{echoext.PageConfig{}, "?utm_source=x", "?fbclid=y", true, "", "nothing is left"},
		{echoext.PageConfig{}, "?a=2&a=1", "?a=1&a=2", false, "a=2&a=1", "repeated parameters keep their order"},
		{echoext.PageConfig{}, "?a=1&&", "?a=1", true, "a=1", "empty pieces are dropped"},
		{echoext.PageConfig{IgnoreQuery: []string{}}, "?utm_source=x", "?utm_source=y", false, "utm_source=x", "an empty list ignores none"},
		{echoext.PageConfig{IgnoreQuery: []string{"x*"}}, "?xyz=1&utm_a=1", "?utm_a=1", true, "utm_a=1", "a list of one's own"},
		{echoext.PageConfig{OnlyQuery: []string{"page"}}, "?page=2&z=1", "?page=2", true, "page=2", "an allow-list"},
		{echoext.PageConfig{OnlyQuery: []string{}}, "?page=2&z=1", "", true, "", "no parameter at all"},
	} {
		s := newSite(t)
		s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				utm := c.QueryParam("utm_source") // makes Echo parse the query before the cache
				_ = c.FormValue("utm_source")
				defer func() {
					if c.QueryParam("utm_source") != utm {
						t.Errorf("%s: middleware outside does not find its parameter again", test.description)
					}
				}()
				return next(c)
			}
		})
		s.page("/", test.config, show)
		a := s.get("/" + test.a)
		s.get("/" + test.b)
		if (s.renders.Load() == 1) != test.same {
			t.Errorf("%s: %q and %q: %d renders", test.description, test.a, test.b, s.renders.Load())
		}
		uri, utm := "/", ""
		if test.shown != "" {
			uri += "?" + test.shown
		}
		if strings.Contains(test.shown, "utm_source=x") {
			utm = "x"
		}
		if want := strings.Join([]string{test.shown, uri, test.shown, utm, utm}, "|"); a.Body.String() != want {
			t.Errorf("%s: the handler saw %q, want %q", test.description, a.Body, want)
		}
	}
}

func TestHarmlessCookiesAreHidden(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		return c.String(200, "cookies "+c.Request().Header.Get("Cookie"))
	})
	for _, cookie := range []string{"Cookie: _ga=GA1.2.3", "Cookie: _ga_ABC=1; _gid=2;", "Cookie: ", "Accept: x"} {
		if w := s.get("/", cookie); w.Body.String() != "cookies " {
			t.Errorf("%s: got %q", cookie, w.Body)
		}
	}
	if s.renders.Load() != 1 {
		t.Errorf("%d renders, want 1", s.renders.Load())
	}
	none := newSite(t)
	none.page("/", echoext.PageConfig{HarmlessCookies: []string{}})
	if w := none.get("/", "Cookie: _ga=1"); status(w) != "fwd=bypass; detail=cookie" {
		t.Errorf("an empty list of harmless cookies: %q", status(w))
	}
}

func TestResponsesThatForbidStoring(t *testing.T) {
	for _, value := range [][]string{
		{"private"}, {"Private"}, {"NO-STORE"}, {"public, no-cache"}, {"max-age=1 ,\tno-store"}, {"public", "private"},
		{`private="x-y"`}, {`no-cache="Set-Cookie, X"`}, {`ext="a,b", no-store`}, {`ext="\"", private`}, {",,private"}, {`"private"`},
	} {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, func(c echo.Context) error { c.Response().Header()["Cache-Control"] = value; return nil })
		if s.stored("/") {
			t.Errorf("a response with Cache-Control %q is stored", value)
		}
	}
	for _, value := range []string{"public", "max-age=60", `ext="private"`, "privateer", "x-no-store", "no-transform"} {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, func(c echo.Context) error { c.Response().Header().Set("Cache-Control", value); return nil })
		if !s.stored("/") {
			t.Errorf("a response with Cache-Control %q is not stored", value)
		}
	}
	s := newSite(t)
	s.page("/", echoext.PageConfig{Store: func(status int, h http.Header) bool { return status == 200 && h.Get("X-Keep") != "" }},
		func(c echo.Context) error { c.Response().Header().Set("X-Keep", c.QueryParam("keep")); return nil })
	if s.stored("/") || !s.stored("/?keep=1") {
		t.Error("PageConfig.Store does not decide")
	}
}

func TestHeadersOfOuterMiddlewareAreNotStored(t *testing.T) {
	s := newSite(t)
	n := 0
	s.Use(middleware.RequestID(), func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			n++
			c.SetCookie(&http.Cookie{Name: "visit", Value: fmt.Sprint(n)})
			c.Response().Before(func() { c.Response().Header().Set("X-Before", fmt.Sprint(n)) })
			c.Response().Header().Add("Vary", "Origin")
			return next(c)
		}
	})
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error { c.Response().Header().Set("Vary", "Accept"); return nil })
	for i := 1; i <= 2; i++ {
		h := s.get("/").Header()
		if h.Get("Set-Cookie") != fmt.Sprintf("visit=%d", i) || h.Get("X-Before") != fmt.Sprint(i) {
			t.Errorf("request %d has the headers of another: %v", i, h)
		}
		if vary := strings.Join(h["Vary"], ","); vary != "Origin,Accept" {
			t.Errorf("request %d: Vary %q, want both", i, vary)
		}
	}
	if s.renders.Load() != 1 {
		t.Errorf("%d renders, want 1", s.renders.Load())
	}
}

func TestCookieWrittenByInnerMiddlewareIsSeen(t *testing.T) {
	s := newSite(t)
	session := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Before(func() { c.SetCookie(&http.Cookie{Name: "s", Value: "secret"}) })
			return next(c)
		}
	}
	s.GET("/", func(c echo.Context) error { s.renders.Add(1); return c.String(200, "x") },
		echoext.Page(s.cache, fragment.Policy{}), session)
	if s.stored("/") {
		t.Error("a response whose cookie came from a Before hook is stored")
	}
}

func TestEchoCSRFTokensAreNeverShared(t *testing.T) {
	for _, headers := range [][]string{{}, {"Sec-Fetch-Site: same-origin"}} {
		s := newSite(t)
		s.Use(middleware.CSRF())
		s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
			return c.HTML(200, fmt.Sprintf("<input name=_csrf value=%q>", c.Get("csrf")))
		})
		if s.stored("/", headers...) {
			t.Errorf("with %v a page with a CSRF token is stored", headers)
		}
	}
}
