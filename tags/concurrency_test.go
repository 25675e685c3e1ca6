package tags_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// together runs f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func TestColdBlockIsRenderedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{{ n }}:{% cache 60 "a" %}{{ slow() }}{% endcache %}`})
		tpl, err := s.set.FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		var queries atomic.Int32
		slow := func() string {
			queries.Add(1)
			time.Sleep(200 * time.Millisecond)
			return "rows"
		}
		began := time.Now()
		together(200, func(i int) {
			got, err := tpl.Execute(pongo2.Context{"n": i, "slow": slow})
			if want := fmt.Sprintf("%d:rows", i); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
		if n := queries.Load(); n != 1 {
			t.Errorf("got %d queries, want 1", n)
		}
		if took := time.Since(began); took != 200*time.Millisecond {
			t.Errorf("took %v, want 200ms", took)
		}
	})
}

// Who waits for a body that fails gets the same error, each its own copy:
// pongo2 writes into errors on their way up.
func TestFailureIsCopiedForEachWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% macro m() %}{% cache 60 "a" %}{{ fail() }}{% endcache %}{% endmacro %}{{ m() }}`,
			"other.html": `{% cache 60 "a" %}{{ fail() }}{% endcache %}`})
		fail := func() (string, error) {
			time.Sleep(time.Second)
			return "", errors.New("no such luck")
		}
		var mu sync.Mutex
		seen := make(map[*pongo2.Error]bool)
		together(50, func(i int) {
			_, err := s.set.FromCache([]string{"page.html", "other.html"}[i%2])
			if err != nil {
				t.Error(err)
			}
		})
		together(50, func(i int) {
			tpl, _ := s.set.FromCache([]string{"page.html", "other.html"}[i%2])
			_, err := tpl.Execute(pongo2.Context{"fail": fail})
			var own *pongo2.Error
			if !errors.As(err, &own) || !strings.Contains(err.Error(), "no such luck") {
				t.Errorf("got %v, want the error of the body", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[own] {
				t.Error("two executions got one *pongo2.Error")
			}
			seen[own] = true
		})
	})
}

func TestWaiterLeavesByItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{{ slow() }}{% endcache %}`})
		tpl, err := s.set.FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		slow := func() string { time.Sleep(5 * time.Second); return "rows" }
		var leader sync.WaitGroup
		defer leader.Wait()
		leader.Go(func() { tpl.Execute(pongo2.Context{"slow": slow}) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err = tpl.Execute(tags.WithContext(ctx, pongo2.Context{"slow": slow}))
		wantError(t, err, "in page.html | Line 1 Col 4 near 'cache'] context deadline exceeded")
		if took := time.Since(began); took != time.Second {
			t.Errorf("left after %v, want 1s", took)
		}
	})
}

// A panic of a body is the page's. The next rendering is as if it had not been.
func TestPanicPassesThrough(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{{ boom() }}{% endcache %}`})
	for range 2 {
		func() {
			defer func() {
				if p := recover(); p != "boom" {
					t.Errorf("got panic %v, want boom", p)
				}
			}()
			s.render("page.html", pongo2.Context{"boom": func() string { panic("boom") }})
		}()
	}
	s.want("page.html", pongo2.Context{"boom": func() string { return "calm" }}, "calm")
}

// A page with much of what a block can be part of, by many goroutines at once,
// while its tags are invalidated: for the race detector, and no page may hold
// anything that is not its own.
func TestManyGoroutinesRenderOnePage(t *testing.T) {
	s := newSite(t, map[string]string{
		"layout.html": `{% cache 60 "head" %}head{% endcache %}{% block main %}{% endblock %}{% include "foot.html" %}`,
		"foot.html":   `{% cache 60 tags="foot" %}foot{% endcache %}`,
		"lib.html":    `{% macro row(u) export %}{% cache 60 "row" u.ID tags="rows" %}<{{ u.ID }}>{% endcache %}{% endmacro %}`,
		"page.html": `{% extends "layout.html" %}{% block main %}{% import "lib.html" row %}{% cache 60 "user" id %}[{{ id }}]` +
			`{% for u in users %}{{ row(u) }}{% cache 60 "n" u.ID id using=shared if=u.ID %}{{ u.ID }}{{ id }}{% endcache %}{% endfor %}{% endcache %}` +
			`{% cache "del" "head" %}{% autoescape off %}{% cache 60 "raw" id tags=tags %}{{ id }}{% endcache %}{% endautoescape %}{% endcache %}{% endblock %}`,
	})
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	together(16, func(i int) {
		for round := range 30 {
			id := (i + round) % 5
			data := s.data(pongo2.Context{"id": id, "tags": []string{fmt.Sprintf("id:%d", id)}, "made": nil})
			got, err := tpl.Execute(tags.WithContext(ctx, data))
			want := fmt.Sprintf("head[%[1]d]<7>7%[1]d<8>8%[1]d%[1]dfoot", id)
			if err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			if err := s.registry.InvalidateTags(ctx, []string{"rows", "foot", "id:3"}[round%3]); err != nil {
				t.Error(err)
			}
		}
	})
}
