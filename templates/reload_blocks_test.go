package templates_test

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/templates"
)

// The entry of a block with a NAME is found whatever its text.
func TestReloadFreesBlocksThatWereMadeOfTheOldText(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `<% cache 60 "outer" %>{% include "part.html" %}<% endcache %>`)
	f.write("part.html", `<% cache 60 "inner" tags=list %>one{% include "deep.html" %}<% endcache %>`)
	f.write("deep.html", `a`)
	f.write("other.html", `other`)
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	data := map[string]any{"list": "x y"}
	wantRender(t, set, "page.html", data, "onea")
	f.write("part.html", `<% cache 60 "inner" tags=list %>two{% include "deep.html" %}<% endcache %>`)
	wantRender(t, set, "page.html", data, "twoa")
	f.write("deep.html", `b`)
	wantRender(t, set, "other.html", nil, "other") // which notices it as well
	wantRender(t, set, "page.html", data, "twob")
}

// Nor does what stands around a rendering keep the old text, such as a page.
func TestReloadFreesWhatWasMadeOfARendering(t *testing.T) {
	for _, c := range []struct {
		label  string
		reload bool
		source string
		want   string
	}{
		{"a block", true, `<% cache 60 "a" %>one<% endcache %>`, "two"},
		{"a plain template", true, `one`, "two"},
		{"a block without the cache", true, `<% cache 60 "a" if=none|default:"" %>one<% endcache %>`, "two"},
		{"no reload", false, `one`, "one"},
	} {
		f := folder{t, t.TempDir()}
		f.write("page.html", c.source)
		f.write("other.html", "other")
		registry := newRegistry(t)
		set, err := templates.New(os.DirFS(f.path), registry, templates.Options{Reload: c.reload})
		if err != nil {
			t.Fatal(err)
		}
		page := func() string {
			value, err := registry.Cache("default").Do(t.Context(), fragment.KeyOf("page"), fragment.Policy{TTL: time.Minute},
				func(ctx context.Context) ([]byte, error) {
					var out bytes.Buffer
					err := set.Render(ctx, &out, "page.html", nil)
					return out.Bytes(), err
				})
			if err != nil {
				t.Fatal(err)
			}
			return string(value)
		}
		for range 2 {
			if got := page(); got != "one" {
				t.Errorf("%s: got %q, want one", c.label, got)
			}
		}
		f.write("page.html", "two")
		wantRender(t, set, "other.html", nil, "other")
		if got := page(); got != c.want {
			t.Errorf("%s: got %q after the change, want %q", c.label, got, c.want)
		}
	}
}

// What was noticed on behalf of a visitor who has left is not forgotten.
func TestReloadFreesBlocksForAVisitorWhoHasLeft(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `<% cache 60 "a" %>one<% endcache %>`)
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	wantRender(t, set, "page.html", nil, "one")
	f.write("page.html", `<% cache 60 "a" %>two<% endcache %>`)
	gone, leave := context.WithCancel(t.Context())
	leave()
	_ = set.Render(gone, new(bytes.Buffer), "page.html", nil)
	wantRender(t, set, "page.html", nil, "two")
}

// A rendering that is under way when a change is noticed has the old text for
// the blocks that it comes to after that, too.
func TestReloadFreesBlocksOfAnOldRendering(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `{{ edit() }}<% cache 60 "a" %>one<% endcache %>`)
	f.write("other.html", "other")
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	edit := func() string {
		f.write("page.html", `<% cache 60 "a" %>two<% endcache %>`)
		wantRender(t, set, "other.html", nil, "other")
		return ""
	}
	wantRender(t, set, "page.html", map[string]any{"edit": edit}, "one")
	wantRender(t, set, "page.html", nil, "two")
}

// Where nothing has changed, a block stays.
func TestReloadKeepsBlocks(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `<% cache 60 "a" %>{{ n }}<% endcache %>`)
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	text, err := set.FromString(`{% include "page.html" %}`)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		wantRender(t, set, "page.html", map[string]any{"n": n}, "0")
		var out bytes.Buffer
		if err := text.Render(t.Context(), &out, map[string]any{"n": "of the text"}); err != nil || out.String() != "0" {
			t.Errorf("got %q, %v, want 0", out.String(), err)
		}
	}
}
