package echoext_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// slowPage adds a page with a hole that takes a second, and fails if fails says so.
func (s *holeSite) slowPage(p fragment.Policy, fails *atomic.Bool) {
	config := sharedCookie
	config.Policy = p
	s.page("/", config, func(c echo.Context) error {
		n := s.renders.Load()
		time.Sleep(time.Second)
		if fails.Load() {
			return errors.New("no rows")
		}
		return s.html(fmt.Sprintf("%d {name}", n))(c)
	})
}

func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// On a miss, as one who waits for it, on a hit, of a stale page, while it is refilled,
// and when that fails.
func TestVisitorsSeeTheirOwnPage(t *testing.T) {
	for _, detach := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k := fragmenttest.NewLedger()
			s := newHoleSite(t, k)
			var fails atomic.Bool
			s.slowPage(fragment.Policy{TTL: time.Minute, Stale: time.Hour, RetryAfter: -1, Detach: detach}, &fails)
			all := func(when, rows string) {
				t.Helper()
				together(30, func(i int) {
					who := fmt.Sprint(when, i)
					s.as("/", who, rows+" secret-"+who)
				})
			}
			all("cold", "1")
			all("hit", "1")
			time.Sleep(2 * time.Minute)
			fails.Store(true)
			all("stale", "1")
			synctest.Wait()
			time.Sleep(time.Minute)
			fails.Store(false)
			before := s.renders.Load()
			var leader sync.WaitGroup
			leader.Go(func() {
				rows := fmt.Sprint(before + 1)
				if detach {
					rows = "1"
				}
				s.as("/", "leader", rows+" secret-leader")
			})
			synctest.Wait()
			all("beside", "1")
			leader.Wait()
			time.Sleep(2 * time.Second)
			all("last", fmt.Sprint(before+1))
			k.WantWithout(t, "secret")
			if err := s.registry.Cache("").Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Refilled in the background, a page that loses its holes is not made once more, and
// no hole is filled for nobody.
func TestHolesAreNotFilledInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fragmenttest.NewLedger()
		s := newHoleSite(t, k)
		config := sharedCookie
		config.Policy = fragment.Policy{TTL: time.Minute, Stale: time.Hour, Detach: true}
		var filled atomic.Int32
		err := s.registry.Hole("counted", func(context.Context, io.Writer, []any) error {
			filled.Add(1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		loses := false
		s.page("/", config, func(c echo.Context) error {
			var b strings.Builder
			if err := s.registry.WriteHole(c.Request().Context(), &b, "counted"); err != nil || !loses {
				return errors.Join(err, c.HTML(http.StatusOK, b.String()))
			}
			return c.HTML(http.StatusOK, strings.ToUpper(b.String()))
		})
		s.as("/", "ada", "")
		time.Sleep(2 * time.Minute)
		loses = true
		s.as("/", "ada", "")
		synctest.Wait()
		if n, renders := filled.Load(), s.renders.Load(); n != 2 || renders != 2 {
			t.Errorf("the hole was filled %d times, and the handler ran %d times", n, renders)
		}
		if got := s.log.take(); got != "store, skip hole-lost" {
			t.Errorf("got the events %q", got)
		}
	})
}

// A loader that is refilled in the background has the ctx of a request, which may be
// over: a hole in it is of nobody.
func TestHoleOfALoaderInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fragmenttest.NewLedger()
		s := newHoleSite(t, k)
		p := fragment.Policy{TTL: time.Minute, Stale: time.Hour, Detach: true}
		var loaded []string
		s.page("/", echoext.PageConfig{Policy: fragment.Policy{TTL: time.Second}, HarmlessCookies: []string{"user"}}, func(c echo.Context) error {
			value, err := s.cache.Do(c.Request().Context(), fragment.KeyOf("loader"), p, func(ctx context.Context) ([]byte, error) {
				if s.renders.Load() == 1 {
					return []byte("first"), nil
				}
				time.Sleep(time.Second)
				var b strings.Builder
				err := s.registry.WriteHole(ctx, &b, "name")
				loaded = append(loaded, b.String())
				return []byte("x" + b.String()), err
			})
			return errors.Join(err, c.HTMLBlob(http.StatusOK, value))
		})
		s.as("/", "ada", "first")
		time.Sleep(2 * time.Minute)
		s.as("/", "bob", "first")
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(loaded) != 1 || loaded[0] != "" {
			t.Errorf("the background filled the hole by %q", loaded)
		}
		k.WantWithout(t, "secret")
	})
}

// What is stored is not trusted: it leads to no panic, and to no half page.
func TestForeignPageWithHolesPassesBy(t *testing.T) {
	for _, change := range []func(value string) string{
		func(v string) string { return strings.Replace(v, "\x04name", "\x04mane", 1) },
		func(v string) string { return v[:len(v)-30] },
		func(v string) string { return strings.Replace(v, "\x04name", "\xffname", 1) },
	} {
		k := &changing{Backend: fragmenttest.NewMemory()}
		s := newHoleSite(t, k)
		s.page("/", sharedCookie, s.html("<p>Hello {name}, how do you do today?</p>"))
		s.as("/", "ada", "<p>Hello secret-ada, how do you do today?</p>")
		k.change(change)
		w := s.as("/", "bob", "<p>Hello secret-bob, how do you do today?</p>")
		if w.Code != http.StatusOK {
			t.Errorf("got %d", w.Code)
		}
	}
}

// changing is a Backend whose values change once they are stored.
type changing struct {
	fragment.Backend
	with atomic.Pointer[func(string) string]
}

func (c *changing) change(with func(string) string) { c.with.Store(&with) }

func (c *changing) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, ok, err := c.Backend.Get(ctx, key)
	if with := c.with.Load(); with != nil && ok {
		value = []byte((*with)(string(value)))
	}
	return value, ok, err
}

// Who asks is for holes to know, and for nothing that is shared.
func TestContextIsForHolesAlone(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	knows := func(where string, ctx context.Context, want bool) {
		if c, ok := echoext.Context(ctx); ok != want || (c != nil) != want {
			t.Errorf("%s: got %v, %v", where, c, ok)
		}
	}
	asks := func(where string) func(ctx context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) { knows(where, ctx, false); return nil, nil }
	}
	err := s.registry.Hole("asks", func(ctx context.Context, _ io.Writer, _ []any) error {
		knows("in a hole", ctx, true)
		_, err := s.cache.Do(ctx, fragment.KeyOf("in a hole"), fragment.Policy{}, asks("in a loader of a hole"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	knows("nowhere", t.Context(), false)
	s.Renderer = echoext.Renderer(renderFunc(func(ctx context.Context, w io.Writer) error {
		knows("in a template", ctx, false)
		_, err := s.cache.Do(ctx, fragment.KeyOf("in a template"), fragment.Policy{}, asks("in a loader of a template"))
		return errors.Join(err, s.registry.WriteHole(ctx, w, "asks"))
	}))
	s.page("/", sharedCookie, func(c echo.Context) error {
		knows("in a handler", c.Request().Context(), false)
		return c.Render(http.StatusOK, "", nil)
	})
	s.GET("/plain", func(c echo.Context) error { return c.Render(http.StatusOK, "", nil) })
	for range 2 {
		s.as("/", "ada", "")
		s.as("/plain", "ada", "")
	}
}
