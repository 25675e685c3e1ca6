package pongocache_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
	"github.com/pongocache/pongocache/memo"
	"github.com/pongocache/pongocache/templates"
)

// The backends and the keys of Flask-Caching's configuration.
var flaskNames = strings.Fields(`
	NullCache null SimpleCache simple FileSystemCache filesystem RedisCache redis RedisSentinelCache redissentinel
	RedisClusterCache rediscluster MemcachedCache memcached SASLMemcachedCache saslmemcached
	SpreadSASLMemcachedCache spreadsaslmemcached gaememcached UWSGICache uwsgi GoogleCloudStorageCache

	CACHE_TYPE CACHE_NO_NULL_WARNING CACHE_ARGS CACHE_OPTIONS CACHE_DEFAULT_TIMEOUT CACHE_IGNORE_ERRORS CACHE_THRESHOLD
	CACHE_KEY_PREFIX CACHE_SOURCE_CHECK CACHE_HASH_METHOD CACHE_FILE_HASH_METHOD CACHE_SERIALIZER CACHE_ENABLE_SIGNALS
	CACHE_DIR CACHE_UWSGI_NAME CACHE_GCS_BUCKET CACHE_MEMCACHED_SERVERS CACHE_MEMCACHED_USERNAME CACHE_MEMCACHED_PASSWORD
	CACHE_REDIS_URL CACHE_REDIS_HOST CACHE_REDIS_PORT CACHE_REDIS_PASSWORD CACHE_REDIS_DB CACHE_REDIS_SENTINELS
	CACHE_REDIS_SENTINEL_MASTER CACHE_REDIS_SENTINEL_PASSWORD CACHE_REDIS_CLUSTER`)

// Every one has a row in the README, and every row a reason why not, a URL or
// fields, which are opened, or a test below that holds its code.
func TestEveryNameOfFlaskCachingHasARow(t *testing.T) {
	text, err := os.ReadFile("parity_rows_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests, left := string(text), slices.Clone(flaskNames)
	for _, r := range rowsOf(t, flaskHeading) {
		for _, name := range fullNames(r.names) {
			left = slices.DeleteFunc(left, func(n string) bool { return n == name })
			if !slices.Contains(flaskNames, name) && name != "CACHES" {
				t.Errorf("README.md has a row for %s, which is none of Flask-Caching's", name)
			}
		}
		shown := strings.HasPrefix(r.text, "none: ") || r.names == nil || strings.HasPrefix(r.text, "here")
		for _, code := range r.codes {
			opened := strings.HasPrefix(code, `"`) || ofScheme.MatchString(code) && !strings.HasPrefix(code, "Codec:")
			shown = shown || opened || strings.Contains(tests, code)
		}
		for _, name := range r.names {
			shown = shown || rowTests[name] != nil
		}
		if !shown {
			t.Errorf("nothing shows that what README.md says of %q works: %s", r.names, r.text)
		}
	}
	if len(left) > 0 {
		t.Errorf("README.md has no row for %q", left)
	}
}

// fullNames returns CACHE_REDIS_PORT for the _PORT behind CACHE_REDIS_HOST.
func fullNames(names []string) (full []string) {
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			parts := strings.Split(full[0], "_")
			name = parts[0] + "_" + parts[1] + name
		}
		full = append(full, name)
	}
	return full
}

func TestRowsOfFlaskCaching(t *testing.T) {
	for name, test := range rowTests {
		t.Run(name, test)
	}
}

// rowTests show what is no URL, by the first name of the row.
var rowTests = map[string]func(*testing.T){
	"CACHE_IGNORE_ERRORS":   errorsOfReadsAreEvents,
	"CACHE_NO_NULL_WARNING": nullIsWarnedOfInProduction,
	"CACHE_SOURCE_CHECK":    textAndTypesArePartOfTheKey,
	"CACHE_SERIALIZER":      answersAreStoredAsJSON,
	"CACHE_ENABLE_SIGNALS":  observersAreTold,
	"CACHE_REDIS_HOST":      clientIsGiven,
}

// fragment.Register("mine", driver), of the import strings.
func init() {
	driver := func(context.Context, *fragment.URL) (fragment.Backend, error) { return fragmenttest.NewMemory(), nil }
	fragment.Register("mine", driver)
}

func errorsOfReadsAreEvents(t *testing.T) {
	c, err := fragment.Open(t.Context(), "redis://"+servers.FreeAddr(t), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	k := fragment.KeyOf("k")
	value, err := c.Do(t.Context(), k, fragment.Policy{}, func(context.Context) ([]byte, error) { return []byte("v"), nil })
	if string(value) != "v" || err != nil {
		t.Errorf("Do: got %q, error %v, want the value", value, err)
	}
	if _, ok, err := c.Get(t.Context(), k); ok || err != nil {
		t.Errorf("Get: got %v, error %v, want a miss", ok, err)
	}
	if err := c.Delete(t.Context(), k); err == nil {
		t.Error("Delete: got no error, want that of the server that is away")
	}
}

func nullIsWarnedOfInProduction(t *testing.T) {
	var caches fragment.Registry
	defer caches.Close()
	if _, err := caches.Open(t.Context(), "", "null:", fragment.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := caches.Warnings(fragment.WarnOptions{}); len(got) != 0 {
		t.Errorf("got the warnings %q, want none", got)
	}
	if got := caches.Warnings(fragment.WarnOptions{Production: true}); len(got) != 1 || !strings.Contains(got[0], "null:") {
		t.Errorf("got the warnings %q, want one of null:", got)
	}
}

func textAndTypesArePartOfTheKey(t *testing.T) {
	ctx, caches := t.Context(), new(fragment.Registry)
	defer caches.Close()
	cache, err := caches.Open(ctx, "", "bigcache://", fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"before", "after"} {
		files := fstest.MapFS{"page.html": {Data: []byte("{% cache 300 %}" + text + "{% endcache %}")}}
		set, err := templates.New(files, caches, templates.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := set.Render(ctx, &out, "page.html", nil); out.String() != text || err != nil {
			t.Errorf("the block: got %q, error %v, want %q", out.String(), err, text)
		}
	}
	number := memo.New(cache, "answer", fragment.Policy{}, func(context.Context, int) (int, error) { return 42, nil })
	word := memo.New(cache, "answer", fragment.Policy{}, func(context.Context, int) (string, error) { return "42", nil })
	n, err := number.Get(ctx, 1)
	w, err2 := word.Get(ctx, 1)
	if err := errors.Join(err, err2); n != 42 || w != "42" || err != nil {
		t.Errorf("the memos: got %v and %q, error %v, want what each loads", n, w, err)
	}
}

// User is what a loader of the README returns.
type User struct{ Name string }

func answersAreStoredAsJSON(t *testing.T) {
	memory := fragmenttest.NewMemory()
	cache, err := fragment.New(memory, fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	o := memo.Options[int, User]{Codec: memo.JSON[User]{}}
	users, err := memo.NewWithOptions(cache, "user", fragment.Policy{}, o, func(context.Context, int) (User, error) { return User{"a name"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if user, err := users.Get(t.Context(), 1); user.Name != "a name" || err != nil {
			t.Errorf("got %+v, error %v, want the user", user, err)
		}
	}
	if s := cache.Stats(); s.Fills != 1 || s.Hits != 1 {
		t.Errorf("got %d fills and %d hits, want one each", s.Fills, s.Hits)
	}
}

func observersAreTold(t *testing.T) {
	var seen fragmenttest.Recorder
	observe := seen.Observe
	c, err := fragment.Open(t.Context(), "bigcache://", fragment.Options{Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantServes(t, "signals", c)
	seen.Filled("parity").Once(t)
	seen.Hit("parity").Once(t)
}

func clientIsGiven(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{servers.Redis(t).Addr}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	b, err := redisbackend.New(client, redisbackend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := fragment.New(b, patient)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantServes(t, "given", c)
}
