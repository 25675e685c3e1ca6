package main_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	main "github.com/pongocache/pongocache/example"
)

// stops are the routes with a cached part, in the order of the walk.
var stops = []struct {
	path    string
	ttl     time.Duration
	queries int  // of a request that finds nothing
	users   bool // bears the tag "users"
}{
	{path: "/users", ttl: 300 * time.Second, queries: 1, users: true},
	{path: "/users/block", ttl: 30 * time.Second, queries: 1, users: true},
	{path: "/time", ttl: 300 * time.Second},
	{path: "/zen", ttl: 10 * time.Second},
	{path: "/zen?swap=1", ttl: 10 * time.Second},
	{path: "/modular/zen", ttl: 20 * time.Second},
	{path: "/method/zen", ttl: 30 * time.Second},
	{path: "/block/zen", ttl: 30 * time.Second},
	{path: "/hello/Ada", ttl: 5 * time.Second, queries: 1, users: true},
	{path: "/hello/Bruno", ttl: 5 * time.Second, queries: 1, users: true},
	{path: "/comments", ttl: 50 * time.Second, queries: 1},
	{path: "/object", ttl: 60 * time.Second},
}

// A walk visits all stops again and again, and knows when each part was made.
type walk struct {
	*visitor
	made map[string]string
}

func TestWalk(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		w := walk{visit(t, main.Config{DB: db}), map[string]string{}}
		w.cold()
		w.warm()
		w.afterAddingUser()
		w.afterClearing()
		w.figures()
	})
}

// The life of each part to the end, on a clock that the test moves. Everything
// is as on the street, and speaks HTTP, but for the connections, which are in
// memory.
func TestWalkUntilExpiry(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		synctest.Test(t, func(t *testing.T) {
			w := walk{visitInMemory(t, main.Config{DB: db, Delay: 150 * time.Millisecond}), map[string]string{}}
			w.cold()
			w.warm()
			w.expiry()
			w.afterAddingUser()
			w.afterClearing()
		})
	})
}

func onEachDatabase(t *testing.T, f func(t *testing.T, db string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "") })
	t.Run("mariadb", func(t *testing.T) { f(t, mariaDBURL(t)) })
}

func (w walk) cold() {
	w.t.Helper()
	for _, s := range stops {
		w.expectFresh(s.path, s.queries, "a first visit")
	}
}

func (w walk) warm() {
	w.t.Helper()
	for _, s := range stops {
		w.expectKept(s.path, "a second visit")
	}
}

// expiry visits each stop just before and just after its end.
func (w walk) expiry() {
	w.t.Helper()
	for _, s := range stops {
		w.post("/clear", nil)
		w.expectFresh(s.path, s.queries, "clearing")
		time.Sleep(s.ttl - time.Millisecond)
		w.expectKept(s.path, "almost "+s.ttl.String())
		time.Sleep(2 * time.Millisecond)
		w.expectFresh(s.path, s.queries, s.ttl.String())
	}
	w.post("/clear", nil)
	w.cold()
}

func (w walk) afterAddingUser() {
	w.t.Helper()
	p := w.post("/users", url.Values{"name": {"Ada <Ampersand> & Söhne"}, "email": {"ada@example.com"}, "address": {"1 Teapot Lane"}})
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/users" {
		w.t.Fatalf("POST /users: got %d to %q, want 303 to /users:\n%s", p.status, p.header.Get("Location"), p.body)
	}
	for _, s := range stops {
		if !s.users {
			w.expectKept(s.path, "adding a user")
			continue
		}
		w.expectFresh(s.path, s.queries, "adding a user")
	}
	for _, path := range []string{"/users", "/users/block"} {
		body := w.get(path).body
		if !strings.Contains(body, "Ada &lt;Ampersand&gt; &amp; Söhne") || !strings.Contains(body, "101 users") {
			w.t.Errorf("GET %s: the user that was added is not there", path)
		}
	}
	if body := w.get("/hello/ada").body; !strings.Contains(body, `<p class="big">6</p>`) {
		w.t.Errorf("GET /hello/ada: want 6 users of that name:\n%s", body)
	}
	w.queries.since()
}

func (w walk) afterClearing() {
	w.t.Helper()
	if p := w.post("/clear", nil); p.status != http.StatusSeeOther {
		w.t.Fatalf("POST /clear: got status %d, want 303", p.status)
	}
	for _, s := range stops {
		w.expectFresh(s.path, s.queries, "clearing")
		w.expectKept(s.path, "clearing and a visit")
	}
}

// figures reads the first page, which is made anew for each request.
func (w walk) figures() {
	w.t.Helper()
	first := w.get("/")
	if first.status != http.StatusOK || dataMade.MatchString(first.body) {
		w.t.Fatalf("GET /: got status %d, want 200 and no cached part:\n%s", first.status, first.body)
	}
	w.get("/time") // a hit more
	if hits(first.body) != hits(w.get("/").body)-1 {
		w.t.Errorf("GET /: a hit did not show in the figures:\n%s", first.body)
	}
	for _, want := range []string{"default", "modular", "all_comments", "current_time", " hits"} {
		if !strings.Contains(first.body, want) {
			w.t.Errorf("GET /: %q is not on the page", want)
		}
	}
}

func (w walk) expectFresh(path string, queries int, after string) {
	w.t.Helper()
	time.Sleep(time.Millisecond) // a bubble's clock moves only so, and two parts are to differ
	made := w.visitor.made(path)
	if made == w.made[path] {
		w.t.Errorf("GET %s after %s: got the part made at %s again, want a fresh one", path, after, made)
	}
	if got := w.queries.since(); got != queries {
		w.t.Errorf("GET %s after %s: got %d queries, want %d", path, after, got, queries)
	}
	w.made[path] = made
}

func (w walk) expectKept(path, after string) {
	w.t.Helper()
	if made := w.visitor.made(path); made != w.made[path] {
		w.t.Errorf("GET %s after %s: got a part made at %s, want the one of %s", path, after, made, w.made[path])
	}
	if got := w.queries.since(); got != 0 {
		w.t.Errorf("GET %s after %s: got %d queries, want none", path, after, got)
	}
}

// hits reads how many the first cache on the first page had.
func hits(body string) (n int) {
	if found := regexp.MustCompile(`<b>(\d+)</b> hits`).FindStringSubmatch(body); found != nil {
		n, _ = strconv.Atoi(found[1])
	}
	return n
}
