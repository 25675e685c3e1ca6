package echoext_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

func TestPageIsServedFromTheCacheUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.page("/", echoext.PageConfig{Policy: fragment.Policy{TTL: time.Minute}})
		steps := []struct {
			label   string
			advance time.Duration
			want    string
			status  string
			age     string
		}{
			{"the first request renders", 0, "render 1 of /", "fwd=uri-miss; stored", ""},
			{"the second is a hit", 0, "render 1 of /", "hit", "0"},
			{"an older hit has an age", 59 * time.Second, "render 1 of /", "hit", "59"},
			{"after the TTL it renders anew", time.Second, "render 2 of /", "fwd=uri-miss; stored", ""},
		}
		for _, step := range steps {
			time.Sleep(step.advance)
			w := s.get("/")
			if w.Code != 200 || w.Body.String() != step.want || status(w) != step.status || w.Header().Get("Age") != step.age {
				t.Errorf("%s: got %d %q, status %q, age %q; want %q, %q, %q",
					step.label, w.Code, w.Body, status(w), w.Header().Get("Age"), step.want, step.status, step.age)
			}
		}
	})
}

func TestPageReplaysHeadersAndMakesItsOwn(t *testing.T) {
	const odd = "odd-CASE"
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		c.Response().Header().Add("Link", "</a>; rel=preload")
		c.Response().Header().Add("Link", "</b>; rel=preload")
		c.Response().Header()[odd] = []string{"", "x"}
		c.Response().Header().Set("Connection", "X-Hop")
		c.Response().Header().Set("X-Hop", "no")
		return nil
	})
	first, second := s.get("/"), s.get("/")
	for name, w := range map[string]*httptest.ResponseRecorder{"miss": first, "hit": second} {
		h := w.Header()
		if got := h["Link"]; len(got) != 2 || got[1] != "</b>; rel=preload" {
			t.Errorf("%s: Link is %q, want two values", name, got)
		}
		if got := map[string][]string(h)[odd]; len(got) != 2 || got[0] != "" || got[1] != "x" {
			t.Errorf("%s: %s is %q", name, odd, got)
		}
		if h.Get("X-Hop") != "" || h.Get("Connection") != "" {
			t.Errorf("%s: hop-by-hop fields are kept: %v", name, h)
		}
		if h.Get("Cache-Control") != "no-cache" || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("%s: Cache-Control %q, Content-Length %q", name, h.Get("Cache-Control"), h.Get("Content-Length"))
		}
		if tag := h.Get("Etag"); !strings.HasPrefix(tag, `"`) || tag != first.Header().Get("Etag") {
			t.Errorf("%s: Etag is %q", name, tag)
		}
	}
}

func TestHandlersOwnCacheControlAndEtagStay(t *testing.T) {
	s := newSite(t)
	s.page("/own", echoext.PageConfig{Browser: "max-age=9"}, func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "public, max-age=60")
		c.Response().Header().Set("ETag", `W/"mine"`)
		return nil
	})
	s.page("/browser", echoext.PageConfig{Browser: "max-age=9"})
	for range 2 {
		if h := s.get("/own").Header(); h.Get("Cache-Control") != "public, max-age=60" || h.Get("Etag") != `W/"mine"` {
			t.Errorf("the handler's header is lost: %v", h)
		}
		if h := s.get("/browser").Header(); h.Get("Cache-Control") != "max-age=9" {
			t.Errorf("PageConfig.Browser is not used: %v", h)
		}
	}
}

func TestHeadIsAnsweredFromGetAndNeverStored(t *testing.T) {
	s := newSite(t)
	mw := echoext.Page(s.cache, fragment.Policy{})
	handler := func(c echo.Context) error {
		s.renders.Add(1)
		if c.Request().Method == http.MethodHead {
			return c.NoContent(http.StatusOK)
		}
		return c.String(http.StatusOK, "body")
	}
	s.GET("/", handler, mw)
	s.HEAD("/", handler, mw)
	if w := s.do("HEAD", "/"); status(w) != "fwd=uri-miss; detail=head" {
		t.Errorf("cold HEAD: status %q", status(w))
	}
	if w := s.get("/"); w.Body.String() != "body" {
		t.Errorf("GET after HEAD got %q, want the body", w.Body)
	}
	w := s.do("HEAD", "/")
	if w.Body.Len() != 0 || status(w) != "hit" || w.Header().Get("Content-Length") != "4" || s.renders.Load() != 2 {
		t.Errorf("warm HEAD: body %q, status %q, length %q, renders %d", w.Body, status(w), w.Header().Get("Content-Length"), s.renders.Load())
	}
}

func TestConditionalRequests(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		if c.Request().Header.Get("If-None-Match") != "" {
			t.Error("the handler sees If-None-Match")
		}
		return nil
	})
	tag := s.get("/").Header().Get("Etag")
	for header, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, `"x",W/"y" , ` + tag + ` `: 304, "*": 304,
		`"x"`: 200, "": 200, strings.Trim(tag, `"`): 200, `"`: 200, `W/`: 200, `"x` + tag: 200,
	} {
		w := s.get("/", "If-None-Match: "+header)
		if w.Code != want {
			t.Errorf("If-None-Match %q: got %d, want %d", header, w.Code, want)
		}
		if want == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "" || w.Header().Get("Etag") != tag ||
			w.Header().Get("Cache-Control") != "no-cache" || status(w) != "hit") {
			t.Errorf("304 for %q: %v %q", header, w.Header(), w.Body)
		}
	}
	if n := s.renders.Load(); n != 1 {
		t.Errorf("%d renders, want 1", n)
	}
	if err := s.cache.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.page("/same", echoext.PageConfig{}, func(c echo.Context) error { return c.String(200, "constant") })
	tag = s.get("/same").Header().Get("Etag")
	_ = s.cache.Clear(t.Context())
	if w := s.get("/same", "If-None-Match: "+tag); w.Code != 304 || status(w) != "fwd=uri-miss; stored" {
		t.Errorf("a miss that renders what the client has: got %d %q, want 304", w.Code, status(w))
	}
}

func TestInvalidationReachesTheHeadCopy(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{Policy: fragment.Policy{Tags: []string{"t"}}})
	tag := s.get("/").Header().Get("Etag")
	if err := s.cache.InvalidateTags(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	if w := s.get("/", "If-None-Match: "+tag); w.Code != 200 {
		t.Errorf("after an invalidation a conditional request got %d, want 200", w.Code)
	}
}

func TestErrorsAndOddResponsesAreNotStored(t *testing.T) {
	boom := errors.New("boom")
	for name, handler := range map[string]echo.HandlerFunc{
		"an error":        func(echo.Context) error { return boom },
		"an HTTP error":   func(echo.Context) error { return echo.ErrNotFound },
		"a partial write": func(c echo.Context) error { _ = c.String(200, "half"); return boom },
		"an error page":   func(c echo.Context) error { c.Error(boom); return nil },
		"a status":        func(c echo.Context) error { return c.String(404, "no") },
		"a redirect":      func(c echo.Context) error { return c.Redirect(302, "/x") },
		"no content":      func(c echo.Context) error { return c.NoContent(204) },
		"nothing":         func(c echo.Context) error { return nil },
		"Set-Cookie": func(c echo.Context) error {
			c.SetCookie(&http.Cookie{Name: "a", Value: "b"})
			return c.String(200, "x")
		},
		"a lying length": func(c echo.Context) error {
			c.Response().Header().Set("Content-Length", "9")
			return c.String(200, "x")
		},
		"a trailer": func(c echo.Context) error { c.Response().Header().Set("Trailer", "X-T"); return c.String(200, "x") },
		"a flush":   func(c echo.Context) error { c.Response().Flush(); return c.String(200, "x") },
		"DoNotStore": func(c echo.Context) error {
			fragment.DoNotStore(c.Request().Context(), "mine")
			return c.String(200, "x")
		},
		"a body over the limit": func(c echo.Context) error { return c.String(200, strings.Repeat("x", 600<<10)) },
		"a CSRF token": func(c echo.Context) error {
			c.Set("csrf", "t0ken-of-one")
			return c.String(200, "<input value=t0ken-of-one>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			plain, cached := newSite(t), newSite(t)
			plain.GET("/", handler)
			n := 0
			cached.GET("/", func(c echo.Context) error { n++; return handler(c) }, echoext.Page(cached.cache, fragment.Policy{}))
			for range 2 {
				want, got := plain.get("/"), cached.get("/")
				if got.Code != want.Code || got.Body.String() != want.Body.String() {
					t.Errorf("got %d %.40q, without the cache %d %.40q", got.Code, got.Body, want.Code, want.Body)
				}
				if !strings.Contains(status(got), "detail=") {
					t.Errorf("Cache-Status %q does not say why", status(got))
				}
				for name, values := range want.Header() {
					if fmt.Sprint(got.Header()[name]) != fmt.Sprint(values) {
						t.Errorf("header %s is %q, without the cache %q", name, got.Header()[name], values)
					}
				}
			}
			if n != 2 {
				t.Errorf("the handler ran %d times for two requests", n)
			}
		})
	}
}

func TestPanicLeavesEchoAsItWas(t *testing.T) {
	s := newSite(t)
	var out *echo.Response
	s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			out = c.Response()
			defer func() {
				if recover() == nil || c.Response() != out {
					t.Error("the panic is lost, or the response is not put back")
				}
				err = c.String(500, "recovered")
			}()
			return next(c)
		}
	})
	s.page("/", echoext.PageConfig{}, func(echo.Context) error { panic("boom") })
	for range 2 {
		if w := s.get("/"); w.Code != 500 || w.Body.String() != "recovered" {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
	}
}

func TestRefreshRendersAnewForEverybody(t *testing.T) {
	s := newSite(t)
	fail := false
	s.page("/", echoext.PageConfig{Refresh: func(c echo.Context) bool { return c.Request().Header.Get("X-Warm") != "" }},
		func(echo.Context) error {
			if fail {
				return errors.New("boom")
			}
			return nil
		})
	s.get("/")
	if w := s.get("/", "X-Warm: 1"); w.Body.String() != "render 2 of /" {
		t.Errorf("refresh got %q", w.Body)
	}
	if w := s.get("/"); w.Body.String() != "render 2 of /" || status(w) != "hit" {
		t.Errorf("after a refresh: %q %q", w.Body, status(w))
	}
	fail = true
	if w := s.get("/", "X-Warm: 1"); w.Body.String() != "render 2 of /" || !strings.HasPrefix(status(w), "fwd=stale") {
		t.Errorf("a refresh that failed: %d %q %q, want the old page", w.Code, w.Body, status(w))
	}
}

func TestManyColdRequestsRenderOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, func(echo.Context) error { time.Sleep(time.Second); return nil })
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if w := s.get("/"); w.Body.String() != "render 1 of /" {
					t.Errorf("got %q", w.Body)
				}
			})
		}
		wg.Wait()
	})
}

func TestUncacheableAnswersRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
			c.SetCookie(&http.Cookie{Name: "id", Value: "x"})
			time.Sleep(time.Second)
			return nil
		})
		began := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { s.get("/") })
		}
		wg.Wait()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("20 uncacheable answers took %v, want no more than two rounds", took)
		}
		if s.renders.Load() != 20 {
			t.Errorf("%d renders, want one for each visitor", s.renders.Load())
		}
	})
}

func TestClientThatLeftStoresNothing(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		if s.renders.Load() == 1 {
			<-c.Request().Context().Done()
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	s.ServeHTTP(httptest.NewRecorder(), r)
	if w := s.get("/"); w.Body.String() != "render 2 of /" {
		t.Errorf("got %q, want a render of its own", w.Body)
	}
}

func TestBadConfigurations(t *testing.T) {
	c := newCache(t)
	for want, config := range map[string]echoext.PageConfig{
		"Cache is nil":      {},
		"MaxBody is -1":     {Cache: c, MaxBody: -1},
		`Vary has "*"`:      {Cache: c, Vary: []string{"*"}},
		`Vary has "A,B"`:    {Cache: c, Vary: []string{"A,B"}},
		"Browser is":        {Cache: c, Browser: "max-age=1\r\nX: y"},
		"Jitter is 5":       {Cache: c, Policy: fragment.Policy{Jitter: 5}},
		"Identity has":      {Cache: c, Identity: []string{"X-*-Y"}},
		"IgnoreQuery":       {Cache: c, IgnoreQuery: []string{"a*b"}},
		"OnlyQuery":         {Cache: c, OnlyQuery: []string{""}},
		"HarmlessCookies":   {Cache: c, HarmlessCookies: []string{"**"}},
		"PageConfig.Policy": {Cache: c, Policy: fragment.Policy{Tags: []string{"a b"}}},
	} {
		if _, err := config.ToMiddleware(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one about %s", err, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Page(nil) does not panic")
		}
	}()
	echoext.Page(nil, fragment.Policy{})
}
