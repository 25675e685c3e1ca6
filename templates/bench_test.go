package templates_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/allegro/bigcache/v3"
	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/templates"
)

// A page with a layout, three includes, six variables and a table of a hundred
// rows, 19 KB in all.
var benchPage = map[string]string{
	"layout.html": `<!doctype html><html><head><title>{{ title }}</title></head><body>{% include "nav.html" %}<main>{% block main %}{% endblock %}</main>{% include "side.html" %}{% include "foot.html" %}</body></html>`,
	"nav.html":    `<nav><a href="/">{{ site }}</a> <a href="/users">{{ user.Name }}</a></nav>`,
	"side.html":   `<aside>{{ count }} users</aside>`,
	"foot.html":   `<footer>{{ year }} {{ site }}</footer>`,
}

const benchTable = `<table>{% for u in users %}<tr><td>{{ u.ID }}</td><td>{{ u.Name }}</td><td>{{ u.Email }}</td><td>{{ u.Phone }}</td><td>{{ u.Address }}</td></tr>
{% endfor %}</table>`

// pageWith returns the page with its table between two tags.
func pageWith(open, close string) map[string]string {
	files := map[string]string{"page.html": `{% extends "layout.html" %}{% block main %}<h1>{{ title }}</h1>` + open + benchTable + close + `{% endblock %}`}
	for name, source := range benchPage {
		files[name] = source
	}
	return files
}

type benchUser struct {
	ID                          int
	Name, Email, Phone, Address string
}

func benchData() map[string]any {
	users := make([]benchUser, 100)
	for i := range users {
		users[i] = benchUser{i, fmt.Sprintf("User Number %d", i), fmt.Sprintf("user%d@example.org", i), fmt.Sprintf("+49 30 %06d", i), fmt.Sprintf("%d Long Street, 10115 Berlin, Germany", i)}
	}
	return map[string]any{"title": "All users", "site": "Example", "user": users[3], "users": users, "count": len(users), "year": 2026}
}

// bare is what the cache tag is compared with: one Get and one Write.
type bare struct {
	cache *bigcache.BigCache
	body  *pongo2.NodeWrapper
}

var bareCache = func() *bigcache.BigCache {
	c, err := bigcache.New(context.Background(), bigcache.Config{
		Shards: 64, LifeWindow: time.Hour, MaxEntriesInWindow: 1000, MaxEntrySize: 1000, HardMaxCacheSize: 64,
	})
	if err != nil {
		panic(err)
	}
	return c
}()

func init() {
	err := pongo2.RegisterTag("bare", func(doc *pongo2.Parser, _ *pongo2.Token, _ *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
		body, _, err := doc.WrapUntilTag("endbare")
		return &bare{bareCache, body}, err
	})
	if err != nil {
		panic(err)
	}
}

func (b *bare) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	value, err := b.cache.Get("tag!table|t")
	if err != nil {
		var buf bytes.Buffer
		if err := b.body.Execute(ec, &buf); err != nil {
			return err
		}
		value = buf.Bytes()
		b.cache.Set("tag!table|t", value)
	}
	w.Write(value)
	return nil
}

func benchSet(b *testing.B, files map[string]string) *templates.Set {
	b.Helper()
	registry := new(fragment.Registry)
	b.Cleanup(func() { registry.Close() })
	if _, err := registry.Open(context.Background(), "default", "bigcache://?size=64MiB", fragment.Options{}); err != nil {
		b.Fatal(err)
	}
	set, err := templates.New(inMemory(files), registry, templates.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// rendering returns what renders page.html of files n times.
func rendering(b *testing.B, files map[string]string) func(n int) {
	b.Helper()
	set, data, ctx := benchSet(b, files), benchData(), context.Background()
	return func(n int) {
		for range n {
			if err := set.Render(ctx, io.Discard, "page.html", data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The page with its table in a hit, against the same page whose tag does one
// bigcache.Get and one Write.
func BenchmarkRatioPage(b *testing.B) {
	bare := rendering(b, pageWith("{% bare %}", "{% endbare %}"))
	ours := rendering(b, pageWith(`{% cache 300 "table" %}`, "{% endcache %}"))
	bare(1)
	ours(1)
	ratio.Compare(b, bare, ours)
}

// The same with a key made for each request and with options.
func BenchmarkRatioPageVary(b *testing.B) {
	bare := rendering(b, pageWith("{% bare %}", "{% endbare %}"))
	ours := rendering(b, pageWith(`{% cache 300 "table" user.ID tags="users" if=users %}`, "{% endcache %}"))
	bare(1)
	ours(1)
	ratio.Compare(b, bare, ours)
}

// executing returns what executes page.html of files n times by pongo2 alone.
func executing(b *testing.B, files map[string]string) func(n int) {
	b.Helper()
	set := pongo2.NewSet("bare", pongo2.NewFSLoader(inMemory(files)))
	tpl, data := pongo2.Must(set.FromCache("page.html")), pongo2.Context(benchData())
	return func(n int) {
		for range n {
			if err := tpl.ExecuteWriter(data, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The page through Render, against pongo2's own ExecuteWriter with the tag that
// does one Get and one Write.
func BenchmarkRatioRender(b *testing.B) {
	bare := executing(b, pageWith("{% bare %}", "{% endbare %}"))
	ours := rendering(b, pageWith(`{% cache 300 "table" %}`, "{% endcache %}"))
	bare(1)
	ours(1)
	ratio.Compare(b, bare, ours)
}

// The page without any cached block through Render, against pongo2's own
// ExecuteWriter.
func BenchmarkRatioRenderPlain(b *testing.B) {
	ratio.Compare(b, executing(b, pageWith("", "")), rendering(b, pageWith("", "")))
}

// What the cache saves: the page without it is the baseline.
func BenchmarkRatioPageUncached(b *testing.B) {
	plain := rendering(b, pageWith("", ""))
	ours := rendering(b, pageWith(`{% cache 300 "table" %}`, "{% endcache %}"))
	ours(1)
	ratio.Compare(b, plain, ours)
}

// What a small block costs when it is cached: it is rarely worth it.
func BenchmarkRatioSmallBlock(b *testing.B) {
	const small = `<p>{{ title }} {{ site }}</p>`
	plain := rendering(b, map[string]string{"page.html": small})
	ours := rendering(b, map[string]string{"page.html": `{% cache 300 "small" %}` + small + `{% endcache %}`})
	ours(1)
	ratio.Compare(b, plain, ours)
}
