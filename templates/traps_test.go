package templates_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

// pongo2 cuts one more line end off with each execution, and writes to the tokens
// that all executions share.
func TestWhiteSpaceOptionsOfPongo2AreRefused(t *testing.T) {
	for _, set := range []func(s *templates.Set){
		func(s *templates.Set) { s.Pongo2().Options.TrimBlocks = true },
		func(s *templates.Set) { s.Pongo2().Options.LStripBlocks = true },
	} {
		s := newSet(t, inMemory(map[string]string{"page.html": "{% if 1 %}\n\nx{% endif %}"}), templates.Options{})
		set(s)
		_, err := render(s, "page.html", nil)
		wantError(t, err, "write {%- and -%} in their place")
		_, err = s.FromString("x")
		wantError(t, err, "write {%- and -%} in their place")
	}
}

// pongo2's {% include %} panics if it cannot write.
func TestAReaderWhoLeavesIsAnError(t *testing.T) {
	left := errors.New("the reader left")
	set := newSet(t, inMemory(map[string]string{
		"page.html": `{% include "part.html" %}<% cache 60 "a" %>{% include name %}<% endcache %>`, "part.html": "{% for x in \"abc\" %}{{ x }}{% endfor %}",
	}), templates.Options{})
	data := map[string]any{"name": "part.html"}
	for range 2 {
		if err := set.Render(context.Background(), brokenWriter{left}, "page.html", data); !errors.Is(err, left) {
			t.Errorf("got %v, want %v", err, left)
		}
	}
	wantRender(t, set, "page.html", data, "abcabc")
}

// A second child of a layout gets its own content, though both are made of one text.
func TestChildrenOfALayoutHaveTheirOwnContent(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"layout.html": `<% cache 60 "head" %>head<% endcache %>{% block x %}<% cache 60 "x" %>layout<% endcache %>{% endblock %}`,
		"one.html":    `{% extends "layout.html" %}{% block x %}<% cache 60 "x" %>one<% endcache %>{% endblock %}`,
		"two.html":    `{% extends "layout.html" %}{% block x %}<% cache 60 "x" %>two<% endcache %>{% endblock %}`,
		"bad.html":    `<% cache 60 "y" %>{% block x %}{% endblock %}<% endcache %>`,
	}), templates.Options{})
	for range 2 {
		wantRender(t, set, "one.html", nil, "headone")
		wantRender(t, set, "two.html", nil, "headtwo")
		wantRender(t, set, "layout.html", nil, "headlayout")
	}
	_, err := render(set, "bad.html", nil)
	wantError(t, err, `bad.html:1:22: near "block x %}{% endblock %}<% endcache %>": {% block %} cannot be inside`)
}

// A loop in a body has its own forloop, and that of a loop around it as its parent;
// behind it the loop around goes on.
func TestLoopsInBodies(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `{% for x in "ab" %}<% cache 60 "row" x %>{% for y in "cd" %}{{ forloop.Parentloop.Counter }}{{ forloop.Counter }}{% endfor %}<% endcache %>-{{ forloop.Counter }};{% endfor %}`,
	}), templates.Options{})
	for range 2 {
		wantRender(t, set, "page.html", nil, "1112-1;2122-2;")
	}
}

// What pongo2 panics on while it renders passes through and leaves nothing behind: no
// lock, no entry, no text in what the next rendering writes to.
func TestPanicsOfARenderingPass(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `before<% cache 60 "a" %>inside{% if bad %}{{ 1 / zero }}{% endif %}<% endcache %>`, "cycle.html": "before{% cycle %}",
	}), templates.Options{})
	for name, bad := range map[string]bool{"page.html": true, "cycle.html": true} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: got no panic", name)
				}
			}()
			_, _ = render(set, name, map[string]any{"bad": bad, "zero": 0})
		}()
	}
	for _, bad := range []bool{false, true} { // the second one is a hit
		wantRender(t, set, "page.html", map[string]any{"bad": bad, "zero": 0}, "beforeinside")
	}
}
