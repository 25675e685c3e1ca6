package tags_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// The blocks of one template wait together for a server that hangs, no longer than
// one read may take, also where no page around them is cached.
func TestBlocksOfATemplateWaitOnceForAHangingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fragmenttest.NewServer()
		c, err := fragment.New(server.Connect(), fragment.Options{MaxFaults: -1, ReadTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		registry := new(fragment.Registry)
		if err := registry.Use(fragment.DefaultName, c); err != nil {
			t.Fatal(err)
		}
		set := newSet(map[string]string{"page": `{% for i in "12345678" %}{% cache 60 "part" i %}{{ i }}{% endcache %}{% endfor %}`})
		if err := tags.Bind(set, registry); err != nil {
			t.Fatal(err)
		}
		page, err := set.FromFile("page")
		if err != nil {
			t.Fatal(err)
		}
		server.Hang()
		var out strings.Builder
		start := time.Now()
		if err := page.ExecuteWriter(tags.WithContext(t.Context(), pongo2.Context{}), &out); err != nil || out.String() != "12345678" {
			t.Errorf("got %q, error %v", out.String(), err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("the page took %v, want the one second of a read", d)
		}
	})
}
