package echoext_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func TestEachVisitorHasHolesOfHisOwn(t *testing.T) {
	k := fragmenttest.NewLedger()
	s := newHoleSite(t, k)
	s.page("/", sharedCookie, s.html("<p>Hello {name}, {args a b}!</p>"))
	ada := s.as("/", "ada", "<p>Hello secret-ada, a b!</p>")
	bob := s.as("/", "bob", "<p>Hello secret-bob, a b!</p>")
	guest := s.as("/", "", "<p>Hello secret-guest, a b!</p>")
	if n := s.renders.Load(); n != 1 {
		t.Errorf("the handler ran %d times", n)
	}
	k.WantWithout(t, "secret")
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
	k := fragmenttest.NewLedger()
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
	k.WantWithout(t, "seen=")
}
