package echoext_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

// echoes answers with the request headers that its own Vary names.
func echoes(s *site, vary ...string) func(echo.Context) error {
	return func(c echo.Context) error {
		for _, line := range vary {
			c.Response().Header().Add("Vary", line)
		}
		h := c.Request().Header
		return c.String(200, fmt.Sprintf("%d %q %q", s.renders.Load(), h["Accept-Language"], h["Accept"]))
	}
}

func TestVariantsLieSideBySide(t *testing.T) {
	for _, vary := range [][]string{{"Accept-Language"}, {" accept-language ,, \t"}, {"Accept-Language", "ACCEPT-LANGUAGE"}} {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, echoes(s, vary...))
		variants := [][]string{{}, {"Accept-Language: "}, {"Accept-Language: de"}, {"Accept-Language: fr"}, {"Accept-Language: de", "Accept-Language: fr"}}
		bodies := make(map[string]bool)
		for range 3 {
			for _, headers := range variants {
				bodies[s.get("/", headers...).Body.String()] = true
			}
		}
		if len(bodies) != len(variants) || s.renders.Load() != int64(len(variants)) {
			t.Errorf("Vary %q: %d renders and %d bodies for %d variants: %v", vary, s.renders.Load(), len(bodies), len(variants), bodies)
		}
		if w := s.get("/", "Accept-Language: de", "Accept: other"); status(w) != "hit" || w.Header().Get("Age") == "" {
			t.Errorf("a header that Vary does not name makes a difference: %q", status(w))
		}
		tag := s.get("/", "Accept-Language: de").Header().Get("Etag")
		if w := s.get("/", "Accept-Language: de", "If-None-Match: "+tag); w.Code != 304 {
			t.Errorf("conditional request for a variant: %d", w.Code)
		}
		if w := s.get("/", "Accept-Language: fr", "If-None-Match: "+tag); w.Code != 200 {
			t.Errorf("the tag of one variant answers for another: %d", w.Code)
		}
		if w := s.do("HEAD", "/", "Accept-Language: de"); w.Header().Get("Etag") != tag {
			t.Errorf("HEAD of a variant: %v", w.Header())
		}
	}
}

func TestVaryStarIsNeverStored(t *testing.T) {
	for _, vary := range [][]string{{"*"}, {"Accept, *"}, {"Accept", " * "}} {
		s := newSite(t)
		s.page("/", echoext.PageConfig{}, echoes(s, vary...))
		if s.stored("/") {
			t.Errorf("a response with Vary %q is stored", vary)
		}
	}
}

func TestDeclaredVaryIsKeyedAndTold(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{Vary: []string{"accept-language"}}, echoes(s))
	de, fr := s.get("/", "Accept-Language: de"), s.get("/", "Accept-Language: fr")
	if de.Body.String() == fr.Body.String() || s.renders.Load() != 2 {
		t.Errorf("declared Vary is not keyed: %q %q", de.Body, fr.Body)
	}
	if w := s.get("/", "Accept-Language: de"); w.Header().Get("Vary") != "Accept-Language" || status(w) != "hit" {
		t.Errorf("Vary %q, status %q", w.Header().Get("Vary"), status(w))
	}
}

// A page whose responses vary by more than those before told must not hand a
// variant to a visitor whose headers it was not made for.
func TestVaryThatGrows(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept-Language")
		if c.Request().Header.Get("Accept-Language") == "de" {
			c.Response().Header().Add("Vary", "Accept")
		}
		return echoes(s)(c)
	})
	for range 3 {
		for _, headers := range [][]string{
			{"Accept-Language: fr", "Accept: a"}, {"Accept-Language: de", "Accept: a"}, {"Accept-Language: de", "Accept: b"},
		} {
			body := s.get("/", headers...).Body.String()
			for _, h := range headers {
				if _, value, _ := strings.Cut(h, ": "); !strings.Contains(body, fmt.Sprintf("[%q]", value)) && headers[0] != "Accept-Language: fr" {
					t.Errorf("%v got %s", headers, body)
				}
			}
		}
	}
	if n := s.renders.Load(); n > 5 {
		t.Errorf("%d renders", n)
	}
}

func TestConcurrentColdVariants(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{}, func(c echo.Context) error {
		c.Response().Header().Set("Vary", "Accept-Language")
		return c.String(200, c.Request().Header.Get("Accept-Language"))
	})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			language := fmt.Sprintf("l%d", i%10)
			if w := s.get("/", "Accept-Language: "+language); w.Body.String() != language {
				t.Errorf("%s got the page of %s", language, w.Body)
			}
		})
	}
	wg.Wait()
	if n := s.renders.Load(); n > 11 {
		t.Errorf("%d renders for 10 variants", n)
	}
}

func TestInvalidatingATagFreesAllVariants(t *testing.T) {
	s := newSite(t)
	s.page("/", echoext.PageConfig{Policy: fragment.Policy{Tags: []string{"t"}}}, echoes(s, "Accept"))
	s.get("/", "Accept: a")
	s.get("/", "Accept: b")
	if err := s.cache.InvalidateTags(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"a", "b"} {
		if w := s.get("/", "Accept: "+accept); status(w) == "hit" {
			t.Errorf("variant %s is still served", accept)
		}
	}
}

func TestGzipInsideAndOutside(t *testing.T) {
	long := strings.Repeat("some text ", 1000)
	handler := func(c echo.Context) error { return c.String(200, long) }
	for name, order := range map[string][2]bool{"outside": {true, false}, "inside": {false, true}, "both": {true, true}} {
		s := newSite(t)
		page := echoext.Page(s.cache, fragment.Policy{})
		var chain []echo.MiddlewareFunc
		if order[0] {
			chain = append(chain, middleware.Gzip())
		}
		chain = append(chain, page)
		if order[1] {
			chain = append(chain, middleware.Gzip())
		}
		s.GET("/", handler, chain...)
		for round := range 3 {
			plain, zipped := s.get("/"), s.get("/", "Accept-Encoding: gzip")
			if plain.Body.String() != long || plain.Header().Get("Content-Encoding") != "" {
				t.Errorf("gzip %s, round %d: plain client got %d bytes, encoding %q", name, round, plain.Body.Len(), plain.Header().Get("Content-Encoding"))
			}
			if name != "both" && unzip(t, zipped.Body) != long {
				t.Errorf("gzip %s, round %d: the body does not unzip to the page", name, round)
			}
		}
	}
}
