package tags_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// wrongLoops are whole templates; see wrongTemplates.
var wrongLoops = []struct{ name, tag, at, want string }{
	{"no item", `{% cacheeach %}`, "2:6", `the name of the item is missing: write {% cacheeach ITEM in LIST`},
	{"a number as item", `{% cacheeach 3 in list %}`, "2:16", `the name of the item is missing`},
	{"forloop as item", `{% cacheeach forloop in list %}`, "2:16", `forloop is no name for an item`},
	{"no value", `{% cacheeach k, in list %}`, "2:19", `the name of the item is missing`},
	{"key and value alike", `{% cacheeach k, k in map %}`, "2:19", `key and value have the same name`},
	{"no in", `{% cacheeach u of users %}`, "2:18", `the word in is missing: write {% cacheeach ITEM in LIST`},
	{"no list", `{% cacheeach u in %}`, "2:6", `the LIST is missing`},
	{"no TTL of a loop", `{% cacheeach u in users %}`, "2:6", `the TTL is missing: write {% cacheeach ITEM in LIST`},
	{"no NAME", `{% cacheeach u in users 300 %}`, "2:6", `the items would share one entry: write {% cacheeach u in users 300 "row" u.ID %}`},
	{"no VARY", `{% cacheeach u in users|slice:":3" 300 "row" %}`, "2:6", `the items would share one entry: write {% cacheeach u in users|slice:":3" 300 "row" u.ID %}`},
	{"no VARY of the item", `{% cacheeach u in users 300 "row" user.u one|u %}`, "2:48", `Filter 'u' does not exist`},
	{"no VARY of the item but of others", `{% cacheeach u in users 300 "row" user.u one %}`, "2:37", `the items would share one entry, because no VARY uses u, forloop: write {% cacheeach u in users 300 "row" u.ID %}`},
	{"TTL of an item", `{% cacheeach u in users u.TTL "row" u.ID %}`, "2:27", `TTL is one for all items, so it cannot use u: use if=, unless= or refresh=`},
	{"using of an item", `{% cacheeach u in users 300 "row" u.ID using=u.Cache %}`, "2:48", `using is one for all items, so it cannot use u`},
	{"stale by the place", `{% cacheeach u in users 300 "row" u.ID stale=(forloop.Counter) %}`, "2:49", `stale is one for all items, so it cannot use forloop`},
	{"an option that is none", `{% cacheeach u in users 300 "row" u.ID limit=3 %}`, "2:42", `unknown option limit=`},
	{"not closed", `{% cacheeach u in users 300 "row" u.ID %}{{ u }}`, "2:6", `this loop is not closed: {% endcacheeach %} is missing`},
	{"empty and not closed", `{% cacheeach u in users 300 "row" u.ID %}{{ u }}{% empty %}`, "2:6", `this loop is not closed: {% endcacheeach %} is missing`},
	{"a loop inside that is not closed", `{% cacheeach u in users 300 "row" u.ID %}{% for x in list %}{% endcacheeach %}`, "2:66", `endcacheeach`},
	{"arguments of the end", `{% cacheeach u in users 300 "row" u.ID %}{% endcacheeach u %}`, "2:60", `endcacheeach takes no arguments`},
	{"arguments of empty", `{% cacheeach u in users 300 "row" u.ID %}{% empty u %}{% endcacheeach %}`, "2:53", `empty takes no arguments: write {% empty %}`},
	{"a block inside of a loop", `{% cacheeach u in users 300 "row" u.ID %}{% block x %}{% endblock %}{% endcacheeach %}`, "2:47", `put {% cacheeach %} inside of the block`},
	{"uncache inside of a loop", `{% cacheeach u in users 300 "row" u.ID %}{% uncache "a" %}{% endcacheeach %}`, "2:47", `{% uncache %} inside of {% cacheeach %} would run on a miss alone`},
	{"cycle in a loop", `{% cacheeach u in users 300 "row" u.ID %}{% cycle "a" "b" %}{% endcacheeach %}`, "2:47", `{% cycle %} inside of {% cacheeach %} would count on a miss and not on a hit`},
	{"the place in a body", `{% cacheeach u in users 300 "row" u.ID if=forloop.First %}{{ forloop.Counter }}{% endcacheeach %}`, "2:64", `forloop here would be stored with the item: let a VARY tell it apart`},
	{"the place above a loop in a body", `{% cacheeach u in users 300 "row" u.ID %}{% for x in list %}{{ forloop.Counter }}{{ forloop.Parentloop.Counter }}{% endfor %}{% endcacheeach %}`, "2:87", `forloop here would be stored with the item`},
	{"a loop that never runs", `{% extends "layout.html" %}{% cacheeach u in users 300 "row" u.ID %}{% endcacheeach %}`, "2:33", `would never run here`},

	{"a struct as VARY of an item", `{% cacheeach u in users 300 "row" u %}{% endcacheeach %}`, "2:37", `VARY 1: u is a tags_test.user, of which two cannot be told apart: name a field of it, such as u.ID`},
	{"a value that a list has not", `{% cacheeach k, v in list 300 "row" k v %}{% endcacheeach %}`, "2:41", `VARY 2: v is not in the context`},
	{"forloop of a loop around", `{% for x in list %}{% cacheeach u in users 300 "row" u.ID tags=forloop %}{% endcacheeach %}{% endfor %}`, "2:66", `tags= is of type`},
	{"a panic in the list", `{% cacheeach u in (1 / 0) 300 "row" u %}{% endcacheeach %}`, "2:21", `LIST cannot be evaluated`},
	{"a list that cannot be sorted", `{% cacheeach u in uno sorted 300 "row" u %}{% endcacheeach %}`, "2:21", `LIST is a string, whose characters cannot be sorted: leave out sorted`},
	{"a panic in VARY of an item", `{% cacheeach u in list 300 "row" (1 / (u|length - 1)) %}{% endcacheeach %}`, "2:36", `VARY 1 cannot be evaluated`},
	{"a body of a loop inside of itself", `{% cache 300 "row" 7 %}{% cacheeach u in users 300 "row" u.ID %}{% endcacheeach %}{% endcache %}`, "2:29", `inside of itself`},
}

func TestDeleteFreesOneItem(t *testing.T) {
	for _, name := range []string{`"row"`, `name`} {
		s := newSite(t, map[string]string{"page.html": `{% cacheeach u in users 60 ` + name + ` u.ID "x" version=3 tags="people" %}{{ made }} {% endcacheeach %}`})
		data := pongo2.Context{"name": "row"}
		s.want("page.html", data, "made 1 made 2 ")
		if err := tags.Delete(context.Background(), s.registry.Cache("default"), "row", 8, "x"); err != nil {
			t.Fatal(err)
		}
		s.want("page.html", data, "made 1 made 3 ")
		if err := s.registry.InvalidateTags(context.Background(), "people"); err != nil {
			t.Fatal(err)
		}
		s.want("page.html", data, "made 4 made 5 ")
	}
}

// What is around the loop is made of its items, of those that are hits too.
func TestItemsReportToWhatIsAround(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 300 "all" n %}{% cacheeach u in users 60 "row" u.ID tags=u.Name|lower %}{{ made }} {% endcacheeach %}{% endcache %}`})
	s.want("page.html", pongo2.Context{"n": 1}, "made 1 made 2 ")
	s.want("page.html", pongo2.Context{"n": 2}, "made 1 made 2 ")
	if err := s.registry.InvalidateTags(context.Background(), "bob"); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", pongo2.Context{"n": 2}, "made 1 made 3 ")
	s.want("page.html", pongo2.Context{"n": 1}, "made 1 made 3 ")
}

// A refill never runs in the background, whatever the cache is told.
func TestItemsAreServedStaleWhileOneRequestRenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% cacheeach u in users 60 "row" u.ID stale=forever %}{{ slow() }} {% endcacheeach %}`})
		cache := s.reopen(fragment.Policy{Detach: true})
		defer cache.Close()
		n := 0
		data := pongo2.Context{"slow": func() string { n++; time.Sleep(time.Second); return fmt.Sprint(n) }}
		s.want("page.html", data, "1 2 ")
		time.Sleep(time.Minute)
		leader := make(chan string)
		go func() {
			out, err := s.render("page.html", data)
			leader <- fmt.Sprint(out, err)
		}()
		time.Sleep(time.Millisecond)
		began := time.Now()
		s.want("page.html", data, "1 2 ")
		if took := time.Since(began); took > 0 {
			t.Errorf("who came second waited %v", took)
		}
		if got := <-leader; got != "3 4 <nil>" {
			t.Errorf("who rendered got %s", got)
		}
		s.want("page.html", data, "3 4 ")
	})
}

// A list that is all there takes one round trip, however long it is.
func TestItemsTakeFewTrips(t *testing.T) {
	server := fragmenttest.NewServer()
	s := newSite(t, map[string]string{"page.html": `{% cacheeach u in users 300 "row" u.ID tags="people" %}{{ u.Name }},{% endcacheeach %}`})
	s.over(server.Connect())
	var users []user
	var want strings.Builder
	for i := range 100 {
		users = append(users, user{ID: i, Name: fmt.Sprint(i)})
		fmt.Fprintf(&want, "%d,", i)
	}
	data := pongo2.Context{"users": users}
	for _, c := range []struct {
		when  string
		trips func(fragmenttest.Trips) bool
	}{
		{"nothing was ever stored", func(n fragmenttest.Trips) bool {
			n.Add = 0 // one for each tag that nobody has used before, all at once
			return n == fragmenttest.Trips{GetMany: 3, SetMany: 2}
		}},
		{"all is there", func(n fragmenttest.Trips) bool { return n == fragmenttest.Trips{GetMany: 1} }},
		{"all was invalidated", func(n fragmenttest.Trips) bool { return n == fragmenttest.Trips{GetMany: 1, Touch: 1, SetMany: 1} }},
		{"all is there again", func(n fragmenttest.Trips) bool { return n == fragmenttest.Trips{GetMany: 1} }},
	} {
		if c.when == "all was invalidated" {
			if err := s.registry.InvalidateTags(t.Context(), "people"); err != nil {
				t.Fatal(err)
			}
		}
		server.ResetTrips()
		s.want("page.html", data, want.String())
		if got := server.Trips(); !c.trips(got) {
			t.Errorf("%s: %v", c.when, got)
		}
	}
}

// What another program left under the key of an item is replaced by that item.
func TestForeignValueOfAnItemIsReplaced(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cacheeach u in users 60 "row" u.ID tags=u.Name|lower %}{{ u.Name }} {{ made }} {% endcacheeach %}`})
	s.want("page.html", nil, "Ada made 1 Bob made 2 ")
	cache := s.registry.Cache("default")
	for _, id := range []int{7, 8} {
		var b fragment.KeyBuilder
		b.Start("tag", "row")
		b.Bool(true)
		b.Part(id)
		if ok, err := cache.Has(t.Context(), b.Key()); !ok || err != nil {
			t.Fatalf("the key is another one: %v", err)
		}
		if err := cache.Set(t.Context(), b.Key(), []byte("foreign"), fragment.Policy{}); err != nil {
			t.Fatal(err)
		}
	}
	s.want("page.html", nil, "Ada made 3 Bob made 4 ")
	s.want("page.html", nil, "Ada made 3 Bob made 4 ")
	if err := s.registry.InvalidateTags(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", nil, "Ada made 3 Bob made 5 ")
}

// An item that is rendered without the cache leaves the others what the loop says.
func TestForeignValueBehindAnItemWithoutTheCache(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cacheeach u in users 10 "row" u.ID unless=u.ID==off %}{{ u.Name }} {% endcacheeach %}`})
	s.want("page.html", pongo2.Context{"off": 0}, "Ada Bob ")
	var b fragment.KeyBuilder
	b.Start("tag", "row")
	b.Bool(true)
	b.Part(8)
	cache := s.registry.Cache("default")
	if err := cache.Set(t.Context(), b.Key(), []byte("foreign"), fragment.Policy{}); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", pongo2.Context{"off": 7}, "Ada Bob ")
	if left, ok, err := cache.TTL(t.Context(), b.Key()); !ok || err != nil || left > 10*time.Second {
		t.Errorf("the item lives %v, %v, %v, want 10s", left, ok, err)
	}
}
