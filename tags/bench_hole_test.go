package tags_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/tags"

	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
)

// serving returns what executes a template n times with bigcache, by a hit of its
// blocks.
func serving(b *testing.B, source string) func(n int) {
	b.Helper()
	set, registry := newSet(map[string]string{"page.html": source}), new(fragment.Registry)
	_, err := registry.Open(b.Context(), "", "bigcache://?size=64MiB", fragment.Options{})
	if err == nil {
		err = registry.Hole("name", func(_ context.Context, w io.Writer, _ []any) error {
			_, err := io.WriteString(w, "Ada")
			return err
		})
	}
	if err == nil {
		err = tags.Bind(set, registry)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { registry.Close() })
	tpl := pongo2.Must(set.FromCache("page.html"))
	data := pongo2.Context{"user": user{ID: 7, Name: "Ada"}}
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

// A block with two holes beside the same block without: x-of-sum is its time divided
// by that of the block without holes and of the holes alone.
func BenchmarkRatioHoles(b *testing.B) {
	for _, size := range []int{1 << 10, 19 << 10} {
		for _, c := range []struct{ name, hole string }{
			{"Nocache", `{% nocache %}{{ user.Name }}{% endnocache %}`},
			{"Hole", `{% hole "name" %}`},
		} {
			b.Run(fmt.Sprintf("%s/%dKB", c.name, size>>10), func(b *testing.B) {
				text := strings.Repeat("x", size/3)
				plain := serving(b, `{% cache 300 "a" %}`+text+text+text+`{% endcache %}`)
				alone := serving(b, c.hole+c.hole)
				empty := serving(b, ``)
				both := serving(b, `{% cache 300 "a" %}`+text+c.hole+text+c.hole+text+`{% endcache %}`)
				m := ratio.Medians(b, plain, alone, empty, both)
				b.ReportMetric(m[3]/(m[0]+m[1]-m[2]), "x-of-sum")
				b.ReportMetric(m[3]-(m[0]+m[1]-m[2]), "ns-over-sum")
				b.ReportMetric(m[0], "ns-plain")
				b.ReportMetric(m[1]-m[2], "ns-alone")
			})
		}
	}
}
