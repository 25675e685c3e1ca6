package tags_test

import (
	"context"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// process is a site of its own whose default cache is on a server.
func process(t *testing.T, server *fragmenttest.Server, source string) *site {
	t.Helper()
	s := newSite(t, map[string]string{"page.html": source})
	c, err := fragment.New(server.Connect(), fragment.Options{Prefix: "p", Observe: s.trace.observe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := s.registry.Use("remote", c); err != nil {
		t.Fatal(err)
	}
	return s
}

// What one process deletes is gone for the others, whatever is in its key; and
// the tag for that costs no round trip of a hit.
func TestDeleteReachesOtherProcesses(t *testing.T) {
	for _, tag := range []string{
		`cache 60 "row" using="remote"`, `cache 60 "row" using="remote" version=v`, `cache 60 name using="remote" version=v`,
	} {
		server := fragmenttest.NewServer()
		here, there := process(t, server, `{% `+tag+` %}{{ made }}{% endcache %}`), process(t, server, `{% `+tag+` %}{{ made }}{% endcache %}`)
		data := pongo2.Context{"v": 1, "name": "row"}
		here.want("page.html", data, "made 1")
		there.want("page.html", data, "made 1")
		server.ResetTrips()
		there.want("page.html", data, "made 1")
		if trips := server.Trips(); trips.All() != 1 {
			t.Errorf("%s: a hit took %v, want one round trip", tag, trips)
		}
		remote, _ := there.registry.Lookup("remote")
		if err := tags.Delete(context.Background(), remote, "row"); err != nil {
			t.Fatal(err)
		}
		here.want("page.html", data, "made 2")
	}
}

// The rows of a table are stored with the first rendering, also where the tag of
// each is known only then.
func TestRowsAreStoredAtOnceInASharedCache(t *testing.T) {
	server := fragmenttest.NewServer()
	source := `{% for u in users %}{% cache 60 "row" u.ID using="remote" %}{{ made }}{% endcache %}{% endfor %}`
	here, there := process(t, server, source), process(t, server, source)
	here.want("page.html", nil, "made 1made 2")
	there.want("page.html", nil, "made 1made 2") // learns which tags they have
	server.ResetTrips()
	there.want("page.html", nil, "made 1made 2")
	if trips := server.Trips(); trips.All() != 2 {
		t.Errorf("two hits took %v, want one round trip each", trips)
	}
	remote, _ := there.registry.Lookup("remote")
	if err := tags.Delete(context.Background(), remote, "row", 8); err != nil {
		t.Fatal(err)
	}
	here.want("page.html", nil, "made 1made 3")
}
