package templates_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	_ "github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
	"github.com/pongocache/pongocache/templates"
)

// A page of ten blocks, with tags and without, in its layout and what it includes;
// one of them holds another one, one is for each visitor, and one comes and goes.
var blocksPage = map[string]string{
	"layout.html": `{% cache 300 "head" %}<h1>{% cache 300 "title" %}{{ site }}{% endcache %}</h1>{% endcache %}{% block main %}{% endblock %}{% include "foot.html" %}`,
	"foot.html":   `{% cache 300 "foot" tags="foot" %}foot{% endcache %}{% cache 300 "menu" user %}{{ user }}{% endcache %}`,
	"page.html": `{% extends "layout.html" %}{% block main %}` +
		`{% for x in list %}{% cache 300 "row" x tags=x %}{{ x }}{% endcache %}{% endfor %}{% if user == "ada" %}{% cache 300 "secret" %}!{% endcache %}{% endif %}` +
		`{% cache 300 "news" tags="news" %}{{ news() }}{% endcache %}{% endblock %}`,
}

const blocksPageOf = "<h1>shop</h1>abcde%snews %dfoot%s"

// blocksOver returns what renders that page with a cache over b.
func blocksOver(t *testing.T, cache *fragment.Cache) (page func(ctx context.Context, user string, news int) string) {
	t.Helper()
	registry := new(fragment.Registry)
	set, err := templates.New(inMemory(blocksPage), registry, templates.Options{})
	if err := errors.Join(err, registry.Use(fragment.DefaultName, cache)); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, user string, news int) string {
		var out strings.Builder
		err := set.Render(ctx, &out, "page.html", map[string]any{
			"site": "shop", "list": []string{"a", "b", "c", "d", "e"}, "user": user, "news": func() string { return fmt.Sprint("news ", news) },
		})
		if err != nil {
			t.Error(err)
		}
		return out.String()
	}
}

func TestAPageThatWasSeenTakesTwoTripsAtMost(t *testing.T) {
	server, ctx := fragmenttest.NewServer(), t.Context()
	cache, err := fragment.New(server.Connect(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page := blocksOver(t, cache)
	for _, c := range []struct {
		user  string
		trips int
	}{
		{"ada", 1000}, {"ada", 2}, {"ada", 1}, {"bob", 1000}, {"bob", 2}, {"ada", 2}, {"eve", 1000}, {"ada", 2},
	} {
		secret := map[bool]string{true: "!", false: ""}[c.user == "ada"]
		server.ResetTrips()
		if got, want := page(ctx, c.user, 1), fmt.Sprintf(blocksPageOf, secret, 1, c.user); got != want {
			t.Errorf("%s: got %s, want %s", c.user, got, want)
		}
		if n := server.Trips(); n.All() > c.trips {
			t.Errorf("%s: %v, want %d at most", c.user, n, c.trips)
		}
	}
}

// A page that is made in a cache of pages takes its parts ahead, too, and knows
// their tags.
func TestAPageInAFillIsFreedWithItsBlocks(t *testing.T) {
	server := fragmenttest.NewServer()
	here, err := fragment.New(server.Connect(), fragment.Options{})
	there, err2 := fragment.New(server.Connect(), fragment.Options{})
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	page, key := blocksOver(t, here), fragment.KeyOf("page")
	for news := 1; news <= 5; news++ {
		for range 2 {
			got, err := here.Do(t.Context(), key, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
				return []byte(page(ctx, "ada", news)), nil
			})
			if want := fmt.Sprintf(blocksPageOf, "!", news, "ada"); string(got) != want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		}
		if err := there.InvalidateTags(t.Context(), "news"); err != nil {
			t.Fatal(err)
		}
	}
}

// openRedis opens a cache, and returns what counts the commands that f gives.
func openRedis(t *testing.T) (cache *fragment.Cache, commands func(f func()) string) {
	t.Helper()
	s := servers.Redis(t)
	cache, err := fragment.Open(t.Context(), "redis://"+s.Addr, fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	return cache, func(f func()) string {
		t.Helper()
		if _, err := servers.RedisCommand(s.Addr, "CONFIG RESETSTAT"); err != nil {
			t.Fatal(err)
		}
		f()
		return servers.RedisText(t, s.Addr, "INFO commandstats")
	}
}

func wantOneMGET(t *testing.T, stats string) {
	t.Helper()
	if !strings.Contains(stats, "cmdstat_mget:calls=1,") || strings.Contains(stats, "cmdstat_get:") || strings.Contains(stats, "cmdstat_set") {
		t.Errorf("what was seen took\n%s\nwant one MGET", stats)
	}
}

func TestAPageThatWasSeenAsksRedisOnce(t *testing.T) {
	cache, commands := openRedis(t)
	page := blocksOver(t, cache)
	page(t.Context(), "ada", 1)
	for range 3 {
		wantOneMGET(t, commands(func() {
			if got, want := page(t.Context(), "ada", 2), fmt.Sprintf(blocksPageOf, "!", 1, "ada"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}))
	}
}

func TestALoopThatIsAllThereAsksRedisOnce(t *testing.T) {
	cache, commands := openRedis(t)
	registry := new(fragment.Registry)
	set, err := templates.New(inMemory(map[string]string{
		"page.html": `{% cacheeach u in users 300 "row" u.ID tags="users" %}<li>{{ u.Name }}</li>{% endcacheeach %}`,
	}), registry, templates.Options{})
	if err := errors.Join(err, registry.Use(fragment.DefaultName, cache)); err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"users": benchData()["users"]}
	first, err := render(set, "page.html", data)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		wantOneMGET(t, commands(func() { wantRender(t, set, "page.html", data, first) }))
	}
}
