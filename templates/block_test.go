package templates_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// addressed holds blocks of every kind; each prints a word of its own.
var addressed = map[string]string{
	"page.html": `{% extends "layout.html" %}{% block main %}<% cache 60 "plain" %>plain<% endcache %>` +
		`<% cache 60 "vary" id "x" %>vary {{ id }}<% endcache %><% cache 60 "name:"+id %>computed<% endcache %>` +
		`<% cache 60 "old" version=2 %>old<% endcache %><% cache 60 "v" version=v %>v{{ v }}<% endcache %>` +
		`<% cache 60 "there" using="other" %>there<% endcache %><% cache 60 "where" using=where %>where<% endcache %>` +
		`<% cache 60 "kept" digest=false %>kept<% endcache %><% cache 60 "made" %>{% include "part.html" %}<% endcache %>` +
		`{% autoescape off %}<% cache 60 "raw" %>raw<% endcache %>{% endautoescape %}` +
		`{% macro m() %}<% cache 60 "m" %>{{ tag }}<% endcache %>{% endmacro %}{{ m() }}{% autoescape off %}{{ m() }}{% endautoescape %}` +
		"\n<% cache 60 \"twice\" %>one<% endcache %>\n<% cache 60 \"twice\" %>two<% endcache %>\n<% cache 60 \"same\" %>s<% endcache %><% cache 60 \"same\" %>s<% endcache %>" +
		`<% cache 60 %>nameless<% endcache %><% cache 60 "off" if=no %>off<% endcache %>{% endblock %}`,
	"layout.html": `<% cache 60 "head" %>head<% endcache %>{% autoescape off %}{% block main %}{% endblock %}{% endautoescape %}`,
	"part.html":   `<% cache 60 "part" %>part<% endcache %>`,
	"empty.html":  ``,
}

var addressedData = map[string]any{"id": 7, "v": 3, "where": "other", "tag": "<b>", "no": false}

// addresses are blocks of addressed and what Get returns of each.
var addresses = []struct {
	block templates.Block
	want  string
}{
	{templates.Block{Template: "page.html", Name: "plain", Unescaped: true}, "plain"},
	{templates.Block{Template: "./page.html", Name: "plain", Unescaped: true}, "plain"},
	{templates.Block{Template: "page.html", Name: "vary", Vary: []any{7, "x"}, Unescaped: true}, "vary 7"},
	{templates.Block{Template: "page.html", Name: "name:7", Unescaped: true}, "computed"},
	{templates.Block{Template: "page.html", Name: "old", Unescaped: true}, "old"},
	{templates.Block{Template: "page.html", Name: "v", Version: 3, Unescaped: true}, "v3"},
	{templates.Block{Template: "page.html", Name: "there", Unescaped: true}, "there"},
	{templates.Block{Template: "page.html", Name: "there", Using: "other", Unescaped: true}, "there"},
	{templates.Block{Template: "page.html", Name: "where", Using: "other", Unescaped: true}, "where"},
	{templates.Block{Template: "page.html", Name: "kept", Unescaped: true}, "kept"},
	{templates.Block{Template: "page.html", Name: "made", Unescaped: true}, "part"},
	{templates.Block{Template: "page.html", Name: "raw"}, "raw"},
	{templates.Block{Template: "page.html", Name: "m", Unescaped: true}, "<b>"},
	{templates.Block{Template: "page.html", Name: "twice", Line: 2, Unescaped: true}, "one"},
	{templates.Block{Template: "page.html", Name: "twice", Line: 3, Unescaped: true}, "two"},
	{templates.Block{Template: "page.html", Name: "same", Unescaped: true}, "s"},
	{templates.Block{Template: "page.html", Unescaped: true}, "nameless"},
	{templates.Block{Template: "layout.html", Name: "head"}, "head"},
	{templates.Block{Template: "part.html", Name: "part"}, "part"},
	// There is nothing of these.
	{templates.Block{Template: "page.html", Name: "vary", Vary: []any{"7", "x"}, Unescaped: true}, ""},
	{templates.Block{Template: "page.html", Name: "vary", Vary: []any{8, "x"}, Unescaped: true}, ""},
	{templates.Block{Template: "page.html", Name: "name:8", Unescaped: true}, ""},
	{templates.Block{Template: "page.html", Name: "v", Version: 4, Unescaped: true}, ""},
	{templates.Block{Template: "page.html", Name: "plain"}, ""},
	{templates.Block{Template: "page.html", Name: "off", Unescaped: true}, ""},
}

func addressedSite(t testing.TB) (*templates.Set, *fragment.Registry) {
	t.Helper()
	registry := newRegistry(t)
	other, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Use("other", other); err != nil {
		t.Fatal(err)
	}
	set, err := templates.New(inMemory(addressed), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set, registry
}

func TestGetAndExistsAddressOneBlock(t *testing.T) {
	set, _ := addressedSite(t)
	for _, rendered := range []bool{false, true} {
		if rendered {
			if _, err := render(set, "page.html", addressedData); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range addresses {
			got, ok, err := set.Get(t.Context(), a.block)
			want := rendered && a.want != ""
			if err != nil || ok != want || want && string(got) != a.want {
				t.Errorf("Get(%+v), rendered %v: got %q, %v, %v, want %q", a.block, rendered, got, ok, err, a.want)
			}
			if there, err := set.Exists(t.Context(), a.block); there != want || err != nil {
				t.Errorf("Exists(%+v), rendered %v: got %v, %v, want %v", a.block, rendered, there, err, want)
			}
		}
	}
	// Both escapings of a macro are entries.
	if got, ok, err := set.Get(t.Context(), templates.Block{Template: "page.html", Name: "m"}); ok || err != nil {
		t.Errorf("got %q, %v, want no entry with escaping: the block of the layout is without", got, err)
	}
}

func TestGetTellsWhichBlocksThereAre(t *testing.T) {
	set, _ := addressedSite(t)
	const has = `it has "plain" with 0 VARY in line 1, "vary" with 2 VARY in line 1, the NAME "name:"+id with 0 VARY in line 1, "old"`
	for _, c := range []struct {
		block templates.Block
		want  string
	}{
		{templates.Block{}, "templates: the name of the template is empty"},
		{templates.Block{Template: "none.html", Name: "a"}, `cannot load "none.html"`},
		{templates.Block{Template: "empty.html", Name: "a"}, `templates: template "empty.html" has no cached block: name the template in whose text {% cache %} stands`},
		{templates.Block{Template: "layout.html", Name: "plain"}, `templates: template "layout.html" has no block "plain" with 0 VARY; it has "head" with 0 VARY in line 1`},
		{templates.Block{Template: "page.html", Name: "plain", Vary: []any{1}}, `has no block "plain" with 1 VARY; ` + has},
		{templates.Block{Template: "page.html", Name: "twice", Line: 9}, `has no block "twice" with 0 VARY in line 9; ` + has},
		{templates.Block{Template: "part.html"}, `has no block without NAME and with 0 VARY; it has "part" with 0 VARY in line 1`},
		{templates.Block{Template: "page.html", Name: "twice"}, `has several blocks "twice" with 0 VARY whose texts differ: set Block.Line to one of 2, 3`},
		{templates.Block{Template: "page.html", Name: "plain", Version: 1}, `block "plain" with 0 VARY in line 1 of "page.html" has no version= that is computed: leave Block.Version out`},
		{templates.Block{Template: "page.html", Name: "plain", Using: "other"}, `is in the cache "default": leave Block.Using out`},
		{templates.Block{Template: "page.html", Name: "where"}, `names its cache by an expression, using=where: set Block.Using`},
		{templates.Block{Template: "page.html", Name: "where", Using: "nowhere"}, `there is no cache "nowhere": open it with Registry.Open`},
		{templates.Block{Template: "page.html", Name: "vary", Vary: []any{struct{}{}, 1}}, `struct`},
	} {
		_, _, err := set.Get(t.Context(), c.block)
		wantError(t, err, c.want)
		_, err = set.Exists(t.Context(), c.block)
		wantError(t, err, c.want)
	}
}

// Get speaks of the text that the templates have now.
func TestGetFollowsAChange(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `<% cache 60 "a" %>one<% endcache %>`)
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	block := templates.Block{Template: "page.html", Name: "a"}
	for _, text := range []string{"one", "two"} {
		f.write("page.html", `<% cache 60 "a" %>`+text+`<% endcache %>`)
		if got, ok, err := set.Get(t.Context(), block); ok || err != nil {
			t.Errorf("got %q, %v before %s was rendered, want nothing", got, err, text)
		}
		wantRender(t, set, "page.html", nil, text)
		if got, ok, err := set.Get(t.Context(), block); !ok || err != nil || string(got) != text {
			t.Errorf("got %q, %v, %v, want %q", got, ok, err, text)
		}
	}
	f.write("page.html", `<% cache 60 "b" %>three<% endcache %>`)
	_, err := set.Exists(t.Context(), block)
	wantError(t, err, `has no block "a" with 0 VARY; it has "b"`)
}

// Whoever parses meanwhile, in this set or in another one, has blocks of his own.
func TestGetWhileOthersParse(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				if err := templates.Check(inMemory(addressed), templates.Options{}); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for range 20 {
		set, _ := addressedSite(t)
		if _, err := render(set, "page.html", addressedData); err != nil {
			t.Fatal(err)
		}
		for _, a := range addresses {
			if got, _, err := set.Get(t.Context(), a.block); err != nil || string(got) != a.want {
				t.Errorf("Get(%+v): got %q, %v, want %q", a.block, got, err, a.want)
			}
		}
	}
	close(stop)
	<-done
}

// A program asks for the entry of one block.
func ExampleSet_Get() {
	ctx := context.Background()
	caches := new(fragment.Registry)
	defer caches.Close()
	if _, err := caches.Open(ctx, "default", "bigcache://?size=8MiB", fragment.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{"page.html": {Data: []byte(`<% cache 300 "menu" user.ID %>Hello, {{ user.Name }}<% endcache %>`)}}
	set, err := templates.New(files, caches, templates.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ada := map[string]any{"user": map[string]any{"ID": 42, "Name": "Ada"}}
	if err := set.Render(ctx, new(strings.Builder), "page.html", ada); err != nil {
		fmt.Println(err)
	}
	value, ok, err := set.Get(ctx, templates.Block{Template: "page.html", Name: "menu", Vary: []any{42}})
	fmt.Printf("%s %v %v\n", value, ok, err)
	ok, err = set.Exists(ctx, templates.Block{Template: "page.html", Name: "menu", Vary: []any{43}})
	fmt.Println(ok, err)
	_, err = set.Exists(ctx, templates.Block{Template: "page.html", Name: "menu"})
	fmt.Println(err)
	// Output:
	// Hello, Ada true <nil>
	// false <nil>
	// templates: template "page.html" has no block "menu" with 0 VARY; it has "menu" with 1 VARY in line 1
}

func TestGetFindsAnItemOfALoop(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `{% cacheeach u in users 60 "row" u.ID version=2 %}{% for x in list %}{{ x }}{% endfor %}{{ u.ID }}{% empty %}none{% endcacheeach %}`,
	}), templates.Options{})
	wantRender(t, set, "page.html", map[string]any{"users": []struct{ ID int }{{7}, {8}}}, "78")
	for vary, want := range map[any]string{7: "7", 8: "8", 9: "", "7": ""} {
		b := templates.Block{Template: "page.html", Name: "row", Vary: []any{vary}}
		value, ok, err := set.Get(t.Context(), b)
		if string(value) != want || ok != (want != "") || err != nil {
			t.Errorf("%v: got %q, %v, %v, want %q", vary, value, ok, err, want)
		}
		if has, err := set.Exists(t.Context(), b); has != ok || err != nil {
			t.Errorf("%v: exists %v, %v", vary, has, err)
		}
	}
}
