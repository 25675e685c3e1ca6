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

// The tags of a block are looked at with the block itself, also where they are
// evaluated and the process sees the block for the first time: the look, the look
// of who leads, and what stores.
func TestFirstMissInASharedCacheLooksAtTagsAtOnce(t *testing.T) {
	data := pongo2.Context{"name": "row"}
	for _, tag := range []string{
		`cache 60 "row" using="remote" tags="users team"`, // known when it is parsed
		`cache 60 "row" 1 using="remote" tags=list`,
		`cache 60 name 1 using="remote" tags="user:"+user.ID`,
		`cache 60 name using="remote"`,
	} {
		server := fragmenttest.NewServer()
		source := `{% ` + tag + ` %}{{ made }}{% endcache %}`
		first := process(t, server, source)
		first.want("page.html", data, "made 1") // the stamps of its tags are there now
		second := process(t, server, source)
		server.ResetTrips()
		second.want("page.html", data, "made 1")
		if trips := server.Trips(); trips.All() != 1 {
			t.Errorf("%s: the first hit took %v, want one round trip", tag, trips)
		}
		for _, vary := range [][]any{nil, {1}} {
			remote, _ := first.registry.Lookup("remote")
			if err := tags.Delete(context.Background(), remote, "row", vary...); err != nil {
				t.Fatal(err)
			}
		}
		third := process(t, server, source)
		server.ResetTrips()
		third.want("page.html", data, "made 1")
		if trips, want := server.Trips(), (fragmenttest.Trips{GetMany: 2, Set: 2, Lock: 1, Unlock: 1}); trips != want {
			t.Errorf("%s: the first miss took %v, want %v", tag, trips, want)
		}
	}
}

// Tags are evaluated once for a miss, and for a hit only where the process sees the
// block for the first time; what is wrong with them fails no hit.
func TestTagsAreEvaluatedBeforeAFirstLookup(t *testing.T) {
	server, asked := fragmenttest.NewServer(), 0
	source := `{% cache 60 "row" using="remote" tags=named() %}{{ made }}{% endcache %}`
	data := pongo2.Context{"named": func() string { asked++; return "users" }}
	here, there := process(t, server, source), process(t, server, source)
	for i, step := range []struct {
		s     *site
		asked int
	}{{here, 1}, {here, 1}, {there, 2}, {there, 2}} {
		step.s.want("page.html", data, "made 1")
		if asked != step.asked {
			t.Errorf("rendering %d: the tags were evaluated %d times, want %d", i+1, asked, step.asked)
		}
	}
	process(t, server, source).want("page.html", pongo2.Context{"named": func() int { return 1 }}, "made 1")
	if _, err := process(t, fragmenttest.NewServer(), source).render("page.html", pongo2.Context{"named": func() int { return 1 }}); err == nil {
		t.Error("got no error of a miss whose tags are wrong")
	}
}
