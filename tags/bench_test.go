package tags_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/tags"
)

// executing returns what executes a template n times, by a hit of its blocks.
func executing(b *testing.B, source string) func(n int) {
	b.Helper()
	set, registry := newSet(map[string]string{"page.html": source}), new(fragment.Registry)
	for _, name := range []string{fragment.DefaultName, "shared"} {
		c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
		if err := errors.Join(err, registry.Use(name, c)); err != nil {
			b.Fatal(err)
		}
	}
	if err := tags.Bind(set, registry); err != nil {
		b.Fatal(err)
	}
	tpl := pongo2.Must(set.FromCache("page.html"))
	data := pongo2.Context{"user": user{ID: 7, Name: "Ada"}, "yes": true, "list": []string{"x", "y"}, "name": "sidebar"}
	cache, _ := registry.Lookup(fragment.DefaultName)
	data["bare"] = &cache
	run := func(n int) {
		for range n {
			if _, err := tpl.ExecuteBytes(tags.WithContext(context.Background(), data)); err != nil {
				b.Fatal(err)
			}
		}
	}
	run(1)
	return run
}

// The fixed cost of a block on a hit, beside a page without it: see
// ns-over-baseline. The backend is a map, and nobody observes.
func BenchmarkRatioBlock(b *testing.B) {
	for _, c := range []struct{ name, tag string }{
		{"Plain", `cache 300`},
		{"Name", `cache 300 "sidebar"`},
		{"Vary", `cache 300 "sidebar" user.ID`},
		{"NameExpression", `cache 300 name user.ID`},
		{"TTLExpression", `cache user.ID "sidebar"`},
		{"If", `cache 300 "sidebar" if=yes`},
		{"Tags", `cache 300 "sidebar" tags="a b"`},
		{"TagsExpression", `cache 300 "sidebar" tags=list`},
		{"Policy", `cache 300 "sidebar" stale=1h jitter=0.1 early=1`},
		{"StaleExpression", `cache 300 "sidebar" stale=user.ID`},
		{"Version", `cache 300 "sidebar" version=2`},
		{"Refresh", `cache 300 "sidebar" refresh=no`},
		{"Using", `cache 300 "sidebar" using="shared"`},
	} {
		b.Run(c.name, func(b *testing.B) {
			ratio.Compare(b, executing(b, "<p>x</p>"), executing(b, "{% "+c.tag+" %}<p>x</p>{% endcache %}"))
		})
	}
}

// A bareTag is what a block would be without any option, digest or guard: it looks
// its key up and writes what it finds.
type bareTag struct {
	key  fragment.Key
	fill []byte
}

func (t *bareTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	cache := ec.Public["bare"].(**fragment.Cache)
	value, err := (*cache).DoFiller(tags.Context(ec), t.key, fragment.Policy{TTL: 300 * time.Second}, t)
	if err == nil {
		_, err = w.Write(value)
	}
	if err != nil {
		return ec.OrigError(err, nil)
	}
	return nil
}

func (t *bareTag) Fill(context.Context) ([]byte, error)            { return t.fill, nil }
func (t *bareTag) Detached() func(context.Context) ([]byte, error) { return nil }

func init() {
	err := pongo2.RegisterTag("bare", func(*pongo2.Parser, *pongo2.Token, *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
		return &bareTag{key: fragment.KeyOf("bare"), fill: []byte("<p>x</p>")}, nil
	})
	if err != nil {
		panic(err)
	}
}

// What a hit costs with all options there are and none used, beside the bare lookup
// of a tag that knows of none.
func BenchmarkRatioUnusedOptions(b *testing.B) {
	ratio.Compare(b, executing(b, `{% bare %}`), executing(b, `{% cache 300 "sidebar" %}<p>x</p>{% endcache %}`))
}

// What each option costs a hit, beside a block without it, where it is a literal.
func BenchmarkRatioLiteralOptions(b *testing.B) {
	for _, c := range []struct{ name, option string }{
		{"Tags", `tags="a b"`}, {"Policy", `stale=1h jitter=0.1 early=1`}, {"Version", `version=2`}, {"Using", `using="shared"`}, {"Digest", `digest=false`},
	} {
		b.Run(c.name, func(b *testing.B) {
			ratio.Compare(b, executing(b, `{% cache 300 "sidebar" %}<p>x</p>{% endcache %}`), executing(b, `{% cache 300 "sidebar" `+c.option+` %}<p>x</p>{% endcache %}`))
		})
	}
}
