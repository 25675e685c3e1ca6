package tags_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
)

// Ways in which a block can be inside of another one. Each page holds the outer
// block "outer" and, inside of it, the inner one with the tag "in".
var nestings = map[string]map[string]string{
	"directly":                     {"page.html": `{% cache 300 "outer" %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endcache %}`},
	"without the cache":            {"page.html": `{% cache 300 "outer" %}{% cache 60 "inner" tags="in" if=no %}{{ made }}{% endcache %}{% endcache %}`},
	"with tags from an expression": {"page.html": `{% cache 300 "outer" %}{% cache 60 "inner" tags="i"+"n" %}{{ made }}{% endcache %}{% endcache %}`},
	"with tags from an expression and without the cache": {"page.html": `{% cache 300 "outer" %}{% cache "del" "inner" tags="i"+"n" %}{{ made }}{% endcache %}{% endcache %}`},
	"in another cache": {"page.html": `{% cache 300 "outer" %}{% cache 60 "inner" tags="in" using="shared" %}{{ made }}{% endcache %}{% endcache %}`},
	"in a loop":        {"page.html": `{% cache 300 "outer" %}{% for x in list %}{% cache 60 "inner" x tags="in" %}{{ made }}{% endcache %}{% endfor %}{% endcache %}`},
	"two levels down":  {"page.html": `{% cache 300 "outer" %}{% cache 200 "middle" %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endcache %}{% endcache %}`},
	"included": {
		"page.html": `{% cache 300 "outer" %}{% include "part.html" %}{% endcache %}`,
		"part.html": `{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}`,
	},
	"included with only": {
		"page.html": `{% cache 300 "outer" %}{% include "part.html" with made=made _cx=_cx only %}{% endcache %}`,
		"part.html": `{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}`,
	},
	"in a macro defined before": {"page.html": `{% macro m() %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endmacro %}{% cache 300 "outer" %}{{ m() }}{% endcache %}`},
	"in a macro defined inside": {"page.html": `{% cache 300 "outer" %}{% macro m() %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endmacro %}{{ m() }}{% endcache %}`},
	"in an imported macro": {
		"page.html": `{% import "lib.html" m %}{% cache 300 "outer" %}{{ m() }}{% endcache %}`,
		"lib.html":  `{% macro m() export %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endmacro %}`,
	},
	"in the block of a layout": {
		"page.html":   `{% extends "layout.html" %}{% block main %}{% cache 300 "outer" %}{{ block.Super }}{% endcache %}{% endblock %}`,
		"layout.html": `{% block main %}{% cache 60 "inner" tags="in" %}{{ made }}{% endcache %}{% endblock %}`,
	},
	"in a function": {"page.html": `{% cache 300 "outer" %}{{ tagged() }}{% endcache %}`},
}

// What a block is part of is freed with it: on its miss and on its hit, with a
// ctx handed in and without.
func TestInnerTagsReachTheBlockAround(t *testing.T) {
	for name, files := range nestings {
		t.Run(name, func(t *testing.T) {
			for _, warm := range []bool{false, true} {
				s := newSite(t, files)
				s.freesOuter(warm)
			}
		})
	}
}

func (s *site) freesOuter(warm bool) {
	s.t.Helper()
	ctx := context.Background()
	more := pongo2.Context{"tagged": func(ec *pongo2.ExecutionContext) string {
		fragment.AddTags(tags.Context(ec), "in")
		return ""
	}}
	render := func() {
		if _, err := s.render("page.html", more); err != nil {
			s.t.Fatal(err)
		}
	}
	render()
	if warm { // a second outer block is built on the stored inner one
		if err := tags.Delete(ctx, s.registry.Cache("default"), "outer"); err != nil {
			s.t.Fatal(err)
		}
		render()
	}
	s.trace.take()
	render()
	if got := s.trace.take(); got != "hit outer" {
		s.t.Fatalf("warm %v: got %q, want the outer block stored", warm, got)
	}
	if err := s.registry.InvalidateTags(ctx, "in"); err != nil {
		s.t.Fatal(err)
	}
	s.trace.take()
	render()
	if got := s.trace.take(); len(got) < len("miss outer") || got[:len("miss outer")] != "miss outer" {
		s.t.Errorf("warm %v: got %q after the inner tag was invalidated, want the outer block missed", warm, got)
	}
}

// A page that is cached around a template is freed with the blocks and with the
// functions inside of it.
func TestWithContextReportsToTheScopeAround(t *testing.T) {
	for name, source := range map[string]string{
		"block":          `{% cache 60 "a" tags="in" %}{{ made }}{% endcache %}`,
		"included block": `{% include "part.html" %}`,
		"included only":  `{% include "part.html" with made=made _cx=_cx only %}`,
		"function":       `{{ tagged() }}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, map[string]string{"page.html": source, "part.html": `{% cache 60 "a" tags="in" %}{{ made }}{% endcache %}`})
			tpl, err := s.set.FromCache("page.html")
			if err != nil {
				t.Fatal(err)
			}
			renders := 0
			page := func() {
				_, err := s.registry.Cache("shared").Do(context.Background(), fragment.KeyOf("page"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
					renders++
					data := s.data(pongo2.Context{"tagged": func(ec *pongo2.ExecutionContext) string {
						fragment.AddTags(tags.Context(ec), "in")
						return ""
					}})
					return tpl.ExecuteBytes(tags.WithContext(ctx, data))
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			page()
			page()
			if renders != 1 {
				t.Fatalf("got %d renderings of two, want the second one served", renders)
			}
			if err := s.registry.InvalidateTags(context.Background(), "in"); err != nil {
				t.Fatal(err)
			}
			page()
			if renders != 2 {
				t.Errorf("got %d renderings after the tag was invalidated, want 2", renders)
			}
		})
	}
}

// After a block the ctx around it is back, also where the block failed.
func TestContextIsThatOfTheInnermostFill(t *testing.T) {
	type depth struct{}
	s := newSite(t, map[string]string{"page.html": `{{ at("out") }}{% cache 60 "a" %}{{ at("a") }}{% cache 60 "b" %}{{ at("b") }}{% endcache %}{{ at("a") }}{% endcache %}{{ at("out") }}`})
	seen := make(map[string][]context.Context)
	ctx := context.WithValue(context.Background(), depth{}, "given")
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tpl.Execute(tags.WithContext(ctx, pongo2.Context{"at": func(ec *pongo2.ExecutionContext, where string) string {
		c := tags.Context(ec)
		if c.Value(depth{}) != "given" {
			t.Errorf("at %s: the ctx does not descend from the one given", where)
		}
		seen[where] = append(seen[where], c)
		return ""
	}}))
	if err != nil {
		t.Fatal(err)
	}
	if seen["out"][0] != ctx || seen["out"][1] != ctx {
		t.Error("outside of the blocks: want the ctx that was given")
	}
	if seen["a"][0] != seen["a"][1] || seen["a"][0] == ctx || seen["b"][0] == seen["a"][0] {
		t.Error("inside of the blocks: want one ctx for each fill")
	}
	if tags.Context(nil) != context.Background() {
		t.Error("Context(nil): want context.Background()")
	}
}

// The remaining life of a part caps what is around it.
func TestInnerLifeCapsTheBlockAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% cache 300 "outer" %}{% cache 5 "inner" %}{{ made }}{% endcache %}{% endcache %}`})
		s.want("page.html", nil, "made 1")
		time.Sleep(5*time.Second - time.Millisecond)
		s.want("page.html", nil, "made 1")
		time.Sleep(2 * time.Millisecond)
		s.want("page.html", nil, "made 2")
	})
}

func TestTTL(t *testing.T) {
	for argument, want := range map[string]time.Duration{
		"300": 300 * time.Second, "1.5": 1500 * time.Millisecond, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute,
		"7d": 7 * 24 * time.Hour, `"1d12h"`: 36 * time.Hour, `"0.5d"`: 12 * time.Hour, "90s": 90 * time.Second,
		"500ms": 500 * time.Millisecond, `"1.5h"`: 90 * time.Minute, "default": fragment.DefaultTTL, `"default"`: fragment.DefaultTTL,
		"ttl": 90 * time.Second, "(60 * 2)": 2 * time.Minute, "half": 500 * time.Millisecond, "text": 3 * time.Hour, "small": 7 * time.Second,
		"pointer": 4 * time.Second,
	} {
		t.Run(argument, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, map[string]string{"page.html": `{% cache ` + argument + ` "a" %}{{ made }}{% endcache %}`})
				four := 4 * time.Second
				data := pongo2.Context{"text": "3h", "small": uint8(7), "pointer": &four}
				s.want("page.html", data, "made 1")
				time.Sleep(want - time.Millisecond)
				s.want("page.html", data, "made 1")
				time.Sleep(2 * time.Millisecond)
				s.want("page.html", data, "made 2")
			})
		})
	}
}

func TestForeverOutlivesCenturies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% cache forever "a" %}{{ made }}{% endcache %}`})
		s.want("page.html", nil, "made 1")
		time.Sleep(150 * 365 * 24 * time.Hour)
		s.want("page.html", nil, "made 1")
	})
}
