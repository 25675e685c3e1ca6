package echoext_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/internal/ratio"
)

// A hit of a page with two holes beside one of the same page without: see
// ns-over-baseline, in which is what the holes themselves cost.
func BenchmarkRatioHoles(b *testing.B) {
	for _, size := range []int{1 << 10, 19 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			text := strings.Repeat("x", size/3)
			s := newHoleSite(b, fragmenttest.NewMemory())
			s.page("/plain", sharedCookie, s.html(text+text+text))
			s.page("/holes", sharedCookie, s.html(text+"{args a}"+text+"{args b}"+text))
			hits := func(target string) func(n int) {
				r := httptest.NewRequest(http.MethodGet, target, nil)
				return func(n int) {
					for range n {
						s.ServeHTTP(nothing{make(http.Header)}, r)
					}
				}
			}
			plain, holes := hits("/plain"), hits("/holes")
			plain(1)
			holes(1)
			ratio.Compare(b, plain, holes)
			if n := s.renders.Load(); n != 2 {
				b.Fatalf("%d renderings: these are no hits", n)
			}
		})
	}
}

// nothing is a client that reads nothing.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header       { return n.header }
func (nothing) WriteHeader(int)             {}
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
