package templates_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/internal/servers"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// A page of ten blocks on Redis, all hits, whose keys are fetched ahead, beside one
// that asks for each of them by itself.
func BenchmarkRatioAhead(b *testing.B) {
	s := servers.Redis(b)
	cache, err := fragment.Open(b.Context(), "redis://"+s.Addr, fragment.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cache.Close() })
	var source strings.Builder
	for i := range 10 {
		fmt.Fprintf(&source, `{%% cache 300 "block" %d tags="blocks" %%}block {{ n }}{%% endcache %%}`, i)
	}
	registry, files := new(fragment.Registry), inMemory(map[string]string{"page.html": source.String()})
	ours, err := templates.New(files, registry, templates.Options{})
	plain := pongo2.NewSet("plain", pongo2.NewFSLoader(files))
	if err := errors.Join(err, registry.Use(fragment.DefaultName, cache), tags.Bind(plain, registry)); err != nil {
		b.Fatal(err)
	}
	page, data := pongo2.Must(plain.FromCache("page.html")), pongo2.Context{"n": 1}
	ratio.Compare(b, func(n int) {
		for range n {
			if err := page.ExecuteWriter(tags.WithContext(context.Background(), data), io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			if err := ours.Render(context.Background(), io.Discard, "page.html", data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
