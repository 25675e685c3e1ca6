package tags_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/allegro/bigcache/v3"
	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/tags"
)

// The table of a hundred rows, 15 KB in all.
const benchRow = `<tr><td>{{ u.ID }}</td><td>{{ u.Name }}</td><td>{{ u.Email }}</td><td>{{ u.Phone }}</td><td>{{ u.Address }}</td></tr>
`

type benchUser struct {
	ID                          int
	Name, Email, Phone, Address string
}

func benchUsers() []benchUser {
	users := make([]benchUser, 100)
	for i := range users {
		users[i] = benchUser{i, fmt.Sprintf("User Number %d", i), fmt.Sprintf("user%d@example.org", i), fmt.Sprintf("+49 30 %06d", i), fmt.Sprintf("%d Long Street, 10115 Berlin, Germany", i)}
	}
	return users
}

// bareRow is what a row is compared with: its key, one Get of bigcache and one
// Write.
type bareRow struct {
	cache *bigcache.BigCache
	vary  pongo2.IEvaluator
	body  *pongo2.NodeWrapper
}

var bareRows = func() *bigcache.BigCache {
	c, err := bigcache.New(context.Background(), bigcache.Config{
		Shards: 64, LifeWindow: time.Hour, MaxEntriesInWindow: 1000, MaxEntrySize: 1000, HardMaxCacheSize: 64,
	})
	if err != nil {
		panic(err)
	}
	return c
}()

func init() {
	err := pongo2.RegisterTag("barerow", func(doc *pongo2.Parser, _ *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
		vary, err := args.ParseExpression()
		if err != nil {
			return nil, err
		}
		body, _, err := doc.WrapUntilTag("endbarerow")
		return &bareRow{bareRows, vary, body}, err
	})
	if err != nil {
		panic(err)
	}
}

func (b *bareRow) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	v, err := b.vary.Evaluate(ec)
	if err != nil {
		return err
	}
	value, missing := b.cache.Get("row|" + strconv.Itoa(v.Integer()))
	if missing != nil {
		return b.body.Execute(ec, w)
	}
	w.Write(value)
	return nil
}

// rows returns what executes a template with the hundred users n times.
func rows(b *testing.B, source string) func(n int) {
	b.Helper()
	set, registry := newSet(map[string]string{"page.html": source}), new(fragment.Registry)
	b.Cleanup(func() { registry.Close() })
	_, err := registry.Open(context.Background(), "default", "bigcache://?size=64MiB", fragment.Options{})
	if err := errors.Join(err, tags.Bind(set, registry)); err != nil {
		b.Fatal(err)
	}
	tpl := pongo2.Must(set.FromCache("page.html"))
	data := pongo2.Context{"users": benchUsers()}
	run := func(n int) {
		for range n {
			if err := tpl.ExecuteWriterUnbuffered(tags.WithContext(context.Background(), data), io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
	run(1)
	return run
}

func fillBareRows(b *testing.B) {
	b.Helper()
	for _, u := range benchUsers() {
		tpl := pongo2.Must(pongo2.NewSet("rows", pongo2.DefaultLoader).FromString(benchRow))
		row, err := tpl.ExecuteBytes(pongo2.Context{"u": u})
		if err := errors.Join(err, bareRows.Set("row|"+strconv.Itoa(u.ID), row)); err != nil {
			b.Fatal(err)
		}
	}
}

const benchEach = `{% cacheeach u in users 300 "row" u.ID %}` + benchRow + `{% endcacheeach %}`

// A table whose rows are all in the cache, beside one that is rendered
// (x-of-baseline is asked to be at most 0.5), one whose rows are Gets of bigcache in
// a template (at most 1.8), blocks in a loop, and Gets of the same entries in Go.
func BenchmarkRatioEach(b *testing.B) {
	fillBareRows(b)
	for _, c := range []struct{ name, source string }{
		{"Rendered", `{% for u in users %}` + benchRow + `{% endfor %}`},
		{"BareGets", `{% for u in users %}{% barerow u.ID %}` + benchRow + `{% endbarerow %}{% endfor %}`},
		{"Blocks", `{% for u in users %}{% cache 300 "row" u.ID %}` + benchRow + `{% endcache %}{% endfor %}`},
	} {
		b.Run(c.name, func(b *testing.B) { ratio.Compare(b, rows(b, c.source), rows(b, benchEach)) })
	}
	b.Run("GetsInGo", func(b *testing.B) {
		cache, err := fragment.Open(b.Context(), "bigcache://?size=64MiB", fragment.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { cache.Close() })
		users := benchUsers()
		for _, u := range users {
			if err := cache.Set(b.Context(), fragment.KeyOf("row", u.ID), make([]byte, 150), fragment.Policy{}); err != nil {
				b.Fatal(err)
			}
		}
		ratio.Compare(b, func(n int) {
			for range n {
				for _, u := range users {
					if _, ok, err := cache.Get(b.Context(), fragment.KeyOf("row", u.ID)); !ok {
						b.Fatal(err)
					}
				}
			}
		}, rows(b, benchEach))
	})
}
