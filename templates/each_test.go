package templates_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

func TestALoopInBothSpellings(t *testing.T) {
	n := 0
	data := map[string]any{"list": []string{"a", "b"}, "made": func() int { n++; return n }}
	for _, source := range []string{
		`<% cacheeach x in list 300 "row" x %>{{ x }}{{ made() }}<% endcacheeach %>`,
		`<% cacheeach x in list, 300 "row" x %>{{ x }}{{ made() }}{% empty %}-{% endcacheeach %}`,
	} {
		n = 0
		set := newSet(t, inMemory(map[string]string{"page.html": source}), templates.Options{})
		for range 2 {
			wantRender(t, set, "page.html", data, "a1b2")
		}
	}
}

// The text of the loop, too, is in the keys of its items.
func TestAnEditedLoopHasOtherEntries(t *testing.T) {
	registry := newRegistry(t)
	for _, c := range []struct{ source, want string }{
		{`{% cacheeach x in one 300 "row" "r" x.ID %}{{ x.Name }}{% endcacheeach %}`, "Ada"},
		{`{% cacheeach x in two 300 "row" "r" x.ID %}{{ x.Name }}{% endcacheeach %}`, "Bob"},
		{`{% cacheeach x in two 300 "row" "r" x.ID %}<b>{{ x.Name }}{% endcacheeach %}`, "<b>Bob"},
		{`{% cacheeach x in one 300 "row" "r" x.ID %}{{ x.Name }}{% endcacheeach %}`, "Ada"},
	} {
		set, err := templates.New(inMemory(map[string]string{"page.html": c.source}), registry, templates.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantRender(t, set, "page.html", map[string]any{"one": []benchUser{{ID: 1, Name: "Ada"}}, "two": []benchUser{{ID: 1, Name: "Bob"}}}, c.want)
	}
}

func TestItemsAreOutlined(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `<ul>{% cacheeach x in list 300 "row" x if=x != "c" %}<li>{{ x }}</li>{% endcacheeach %}</ul>`,
	}), templates.Options{Outline: true})
	state := regexp.MustCompile(`\b(hit|miss|off) row`)
	for _, c := range []struct {
		list string
		want string
	}{{"a,b,c", "miss row miss row off row"}, {"b,d,a", "hit row miss row hit row"}} {
		out, err := render(set, "page.html", map[string]any{"list": strings.Split(c.list, ",")})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(state.FindAllString(out, -1), " "); got != c.want {
			t.Errorf("%s: outlined as %q, want %q, in\n%s", c.list, got, c.want, out)
		}
	}
}

// Loops and blocks on one page: one trip for the blocks, and one for each loop.
func TestLoopsAndBlocksTakeATripEach(t *testing.T) {
	server := fragmenttest.NewServer()
	cache, err := fragment.New(server.Connect(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	registry := new(fragment.Registry)
	if err := registry.Use(fragment.DefaultName, cache); err != nil {
		t.Fatal(err)
	}
	set, err := templates.New(inMemory(map[string]string{"page.html": `{% cache 300 "block" n %}{{ n }}{% endcache %}{% cache 300 "other" n %}{{ n }}{% endcache %}` +
		`{% cacheeach x in list 300 "row" x %}{{ x }}{% endcacheeach %}{% cache 300 "last" %}.{% endcache %}`}), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"n": 1, "list": []string{"a", "b"}}
	for i := range 3 {
		server.ResetTrips()
		wantRender(t, set, "page.html", data, "11ab.")
		if n := server.Trips(); i > 0 && n != (fragmenttest.Trips{GetMany: 2}) {
			t.Errorf("a page that was seen took %v, want 2 GetMany", n)
		}
	}
}
