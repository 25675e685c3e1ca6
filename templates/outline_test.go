package templates_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// shown renders a page with outlines; identifiers, which are random, become ID.
func shown(t *testing.T, set *templates.Set, name string, data any) (page, script string) {
	t.Helper()
	out, err := render(set, name, data)
	if err != nil {
		t.Fatal(err)
	}
	out = regexp.MustCompile(`[A-Z2-7]{26}`).ReplaceAllString(out, "ID")
	begin := strings.Index(out, "<script>(function")
	if begin < 0 {
		return out, ""
	}
	end := begin + strings.Index(out[begin:], "</script>") + len("</script>")
	return out[:begin] + "SCRIPT" + out[end:], out[begin:end]
}

func outlineSet(t *testing.T, sources map[string]string) *templates.Set {
	return newSet(t, inMemory(sources), templates.Options{Outline: true})
}

func TestOutlineTellsWhatEachBlockIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(fragment.Registry)
		c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Policy: fragment.Policy{Stale: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := registry.Use(fragment.DefaultName, c); err != nil {
			t.Fatal(err)
		}
		set, err := templates.New(inMemory(map[string]string{
			"page.html": `<html><body><% cache 60 "side--bar" tags="a b" unless=off %><p>{{ work() }}</p><% endcache %></body></html>`,
		}), registry, templates.Options{Outline: true})
		if err != nil {
			t.Fatal(err)
		}
		fails := false
		work := func() (string, error) {
			time.Sleep(1500 * time.Millisecond)
			if fails {
				return "", context.DeadlineExceeded
			}
			return "x", nil
		}
		const name, rest = "side- -bar", ", tags a b, rendered in 1.5s"
		for _, step := range []struct {
			wait  time.Duration
			fails bool
			off   bool
			label string
		}{
			{0, false, false, "miss " + name + ", age 0s of 1m" + rest},
			{12 * time.Second, false, false, "hit " + name + ", age 12s of 1m" + rest},
			{time.Minute, true, false, "stale " + name + ", age 1m13.5s of 1m" + rest},
			{0, false, true, "off " + name},
		} {
			time.Sleep(step.wait)
			fails = step.fails
			got, script := shown(t, set, "page.html", map[string]any{"work": work, "off": step.off})
			want := "<html><body><!--ID 0 " + step.label + "--><p>x</p><!--/ID 0-->SCRIPT</body></html>"
			if got != want || !strings.HasSuffix(script, `("ID")</script>`) {
				t.Errorf("got\n%s, want\n%s, script %.20q", got, want, script)
			}
		}
	})
}

func TestOutlineStandsWhereCommentsMay(t *testing.T) {
	const block = `<% cache 60 "a" n %>{{ t }}<% endcache %>`
	for _, c := range []struct{ label, source, want string }{
		{"a table", `<table><tr>` + block + `</tr></table>`, `<table><tr>BEGIN<b>END</tr></table>SCRIPT`},
		{"an attribute", `<p class="` + block + `" id=` + block + `>`, `<p class="<b>" id=<b>>`},
		{"a tag", `<p ` + block + `>`, `<p <b>>`},
		{"a tag's name", `<` + block + `>`, `<<b>>`},
		{"a script", `<SCRIPT src="a>b">` + block + `</script>`, `<SCRIPT src="a>b"><b></script>`},
		{"a style", `<style>` + block + `</style>`, `<style><b></style>`},
		{"a title", `<title>` + block + `</title>`, `<title><b></title>`},
		{"behind a script", `<script>"</scripts"</script >` + block, `<script>"</scripts"</script >BEGIN<b>ENDSCRIPT`},
		{"a comment", `<!-- <p> ` + block + ` -->`, `<!-- <p> <b> -->`},
		{"behind a comment", `<!-- ' " --> <!doctype html><a title='>'>` + block + `</a>`, `<!-- ' " --> <!doctype html><a title='>'>BEGIN<b>END</a>SCRIPT`},
		{"across a tag", `<p <% cache 60 "c" n %>>text<% endcache %>`, `<p >text`},
		{"a body's end in it", `<% cache 60 "d" n %></body></html><% endcache %>`, `BEGINSCRIPT</body></html>END`},
		{"a macro", `{% macro m() %}` + block + `{% endmacro %}{{ m() }}`, `BEGIN<b>ENDSCRIPT`},
		{"a filter", `{% filter upper %}` + block + `{% endfilter %}`, `BEGIN<B>ENDSCRIPT`},
		{"none", `<p>`, `<p>`},
	} {
		set := outlineSet(t, map[string]string{"page.html": c.source})
		for range 2 { // a miss, then a hit
			got, _ := shown(t, set, "page.html", map[string]any{"t": "<b>", "n": 1})
			got = strings.ReplaceAll(strings.ReplaceAll(got, "&lt;", "<"), "&gt;", ">")
			got = strings.ReplaceAll(strings.ReplaceAll(got, "&LT;", "<"), "&GT;", ">")
			got = regexp.MustCompile(`<!--ID \d [^>]*-->`).ReplaceAllString(got, "BEGIN")
			got = regexp.MustCompile(`<!--/ID \d-->`).ReplaceAllString(got, "END")
			if got != c.want {
				t.Errorf("%s: got %s, want %s", c.label, got, c.want)
			}
		}
	}
}

// Blocks next to each other and in a block that is rendered without the cache
// have outlines of their own; a block that is a part of a stored one has none.
func TestOutlinesNest(t *testing.T) {
	set := outlineSet(t, map[string]string{
		"page.html": `<% cache 60 "off" if=no|default:0 %>[<% cache 60 "a" %>(<% cache 60 "b" %>b<% endcache %>)<% endcache %><% cache 60 "c" %>c<% endcache %>]<% endcache %>`,
	})
	want := map[int]string{
		0: `<!--ID 2 off off-->[<!--ID 0 miss a-->(b)<!--/ID 0--><!--ID 1 miss c-->c<!--/ID 1-->]<!--/ID 2-->SCRIPT`,
		1: `<!--ID 2 off off-->[<!--ID 0 hit a-->(b)<!--/ID 0--><!--ID 1 hit c-->c<!--/ID 1-->]<!--/ID 2-->SCRIPT`,
	}
	for i := range 2 {
		got, _ := shown(t, set, "page.html", nil)
		if got = regexp.MustCompile(`(miss|hit) (\w), [^>]*-->`).ReplaceAllString(got, "$1 $2-->"); got != want[i] {
			t.Errorf("got\n%s, want\n%s", got, want[i])
		}
	}
}

// Nothing of an outline is stored: another set on the same caches, without
// outlines, shows none.
func TestOutlinesAreNotStored(t *testing.T) {
	registry := newRegistry(t)
	sources := inMemory(map[string]string{"page.html": `<% cache 60 "a" %><p><% cache 60 "b" %>{{ n }}<% endcache %></p><% endcache %>`})
	for n, o := range []templates.Options{{Outline: true}, {}} {
		set, err := templates.New(sources, registry, o)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			shown(t, set, "page.html", map[string]any{"n": 0})
			continue
		}
		wantRender(t, set, "page.html", map[string]any{"n": n}, "<p>0</p>")
	}
}

func TestOutlineIsDrawnInHTMLAlone(t *testing.T) {
	const source = `<% cache 60 "a" %><x>1</x><% endcache %>`
	set := outlineSet(t, map[string]string{"a.html": source, "b.xml": source, "c.txt": source, "d.tpl": source, "e.tpl": "{}" + source, "f.tpl": `<?xml version="1.0"?>` + source})
	for name, outlined := range map[string]bool{"a.html": true, "b.xml": false, "c.txt": false, "d.tpl": true, "e.tpl": false, "f.tpl": false} {
		got, script := shown(t, set, name, nil)
		if (script != "") != outlined || strings.Contains(got, "ID") != outlined || strings.Contains(got, "\x00") {
			t.Errorf("%s: got %s, want outlines %v", name, got, outlined)
		}
	}
}

// Whatever stands around a block, without its comments and script the page is
// what it is without outlines.
func FuzzOutline(f *testing.F) {
	for _, s := range []string{"<p>", `<a b="`, "<script>", "<!--", "</body>", "<", "<!", "<textarea></textarea", "'\"", "\x00", "</script "} {
		f.Add(s, s)
	}
	comments := regexp.MustCompile(`(?s)<!--/?[A-Z2-7]{26} \d+.*?-->|<script>\(function \(id\).*?</script>`)
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "<script>(function") {
			return
		}
		const source = `{{ before|safe }}<% cache 60 "a" %>x<% endcache %>{{ after|safe }}<% cache 60 "b" %>y<% endcache %>`
		set := outlineSet(t, map[string]string{"page.html": source})
		var out bytes.Buffer
		if err := set.Render(t.Context(), &out, "page.html", map[string]any{"before": before, "after": after}); err != nil {
			t.Fatal(err)
		}
		if got, want := comments.ReplaceAllString(out.String(), ""), before+"x"+after+"y"; got != want && !comments.MatchString(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// A macro hands what it writes to a variable, with the marks of the blocks in there.
func TestOutlineStoresNoMark(t *testing.T) {
	files := inMemory(map[string]string{
		"page.html": `<p>{% macro m() %}{% cache 60 "m" %}m{% endcache %}{% endmacro %}{% with x=m() %}{% cache 300 "row" %}[{{ x }}{{ x }}]{% endcache %}{% endwith %}</p>`,
	})
	registry := newRegistry(t)
	for _, outline := range []bool{true, false, true} {
		set, err := templates.New(files, registry, templates.Options{Outline: outline})
		if err != nil {
			t.Fatal(err)
		}
		if out, _ := shown(t, set, "page.html", nil); !strings.Contains(out, "[mm]") {
			t.Errorf("outline %v: got %q", outline, out)
		}
	}
}
