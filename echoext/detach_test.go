package echoext_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var detached = fragment.Policy{TTL: time.Second, Stale: time.Minute, Detach: true}

// A stale page of a policy that says Detach is served at once, and rendered in
// the background as the same handler would have for the visitor.
func TestDetachedPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				c.Set("tenant", "acme")
				c.Set("other", "not carried")
				return next(c)
			}
		})
		var seen []string
		s.page("/item/:id", echoext.PageConfig{Policy: detached, Carry: []string{"tenant"}}, func(c echo.Context) error {
			time.Sleep(time.Second)
			if err := c.Request().Context().Err(); err != nil {
				t.Errorf("the ctx of the handler ended: %v", err)
			}
			seen = append(seen, fmt.Sprint(c.Path(), " ", c.Param("id"), " ", c.QueryParam("q"), " ", c.Get("tenant"), " ", c.Request().Header.Get("Accept-Language")))
			fragment.AddTags(c.Request().Context(), "item")
			return nil
		})
		get := func() (body, said string, took time.Duration) {
			start := time.Now()
			ctx, end := context.WithCancel(t.Context())
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/item/7?q=x&utm_source=y", nil)
			r.RequestURI = r.URL.String()
			r.Header.Set("Accept-Language", "de")
			w := s.serve(r)
			end()
			return w.Body.String(), status(w), time.Since(start)
		}
		for i, want := range []struct {
			body, said string
			took       time.Duration
			then       time.Duration
		}{
			{"render 1 of /item/7?q=x", "fwd=uri-miss; stored", time.Second, time.Second},
			{"render 1 of /item/7?q=x", "hit; detail=stale", 0, 0},
			{"render 1 of /item/7?q=x", "hit; detail=stale", 0, time.Second + time.Millisecond},
			{"render 2 of /item/7?q=x", "hit", 0, 0},
		} {
			body, said, took := get()
			if body != want.body || said != want.said || took != want.took {
				t.Errorf("visit %d: %q, %q after %v, want %q, %q after %v", i, body, said, took, want.body, want.said, want.took)
			}
			time.Sleep(want.then)
			synctest.Wait()
		}
		if got := strings.Join(seen, "; "); got != "/item/:id 7 x acme de; /item/:id 7 x acme de" {
			t.Errorf("the handler saw %s", got)
		}
		if err := s.cache.InvalidateTags(t.Context(), "item"); err != nil {
			t.Error(err)
		}
		if _, said, _ := get(); said != "fwd=uri-miss; stored" {
			t.Errorf("after the invalidation: %s", said)
		}
	})
}

// Nothing is detached by the policy of the cache alone, nor for a visitor with a
// token.
func TestPageThatIsNotDetached(t *testing.T) {
	for name, config := range map[string]echoext.PageConfig{
		"cache": {Policy: fragment.Policy{TTL: time.Second, Stale: time.Minute}},
		"token": {Policy: detached},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			memory, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Policy: fragment.Policy{Detach: true}})
			if err != nil {
				t.Fatal(err)
			}
			defer memory.Close()
			config.Cache = memory
			shown := ""
			s.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c echo.Context) error {
					c.Set("csrf", shown)
					return next(c)
				}
			})
			s.page("/", config)
			s.get("/")
			time.Sleep(time.Second)
			if name == "token" {
				shown = "a token"
			}
			if w := s.get("/"); w.Body.String() != "render 2 of /" {
				t.Errorf("%s: %s, want what its own handler wrote", name, w.Body)
			}
		})
	}
}

// A handler that fails or panics in the background leaves what was there.
func TestDetachedPageThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, n := newSite(t), 0
		s.page("/", echoext.PageConfig{Policy: detached}, func(echo.Context) error {
			switch n++; n {
			case 2:
				return echo.NewHTTPError(http.StatusInternalServerError, "oh no")
			case 3:
				panic("oh no")
			}
			return nil
		})
		for i, want := range []string{"1", "1", "1", "1", "4"} {
			if got := s.get("/").Body.String(); got != "render "+want+" of /" {
				t.Errorf("visit %d: %s, want render %s", i, got, want)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
	})
}

// What a handler writes past FillTimeout may be half a page: its visitor gets it,
// and nobody else.
func TestPagePastFillTimeoutIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.page("/", echoext.PageConfig{Policy: fragment.Policy{TTL: time.Hour, FillTimeout: time.Second}}, func(echo.Context) error {
			time.Sleep(2 * time.Second)
			return nil
		})
		for _, want := range []string{"render 1 of /", "render 2 of /"} {
			if w := s.get("/"); w.Code != http.StatusOK || w.Body.String() != want {
				t.Errorf("got %d %q, want %q", w.Code, w.Body, want)
			}
		}
	})
}
