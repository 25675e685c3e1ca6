package tags_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// spied returns a site of one cache, whose Backend is a Ledger.
func spied(t *testing.T, source string) (*pongo2.Template, *fragmenttest.Ledger, *site) {
	s := &site{t: t, set: newSet(map[string]string{"page.html": source}), registry: new(fragment.Registry), trace: new(trace)}
	k := fragmenttest.NewLedger()
	c, err := fragment.New(k, fragment.Options{Observe: s.trace.observe})
	err = errors.Join(err, s.registry.Use("", c), tags.Bind(s.set, s.registry))
	if err != nil {
		t.Fatal(err)
	}
	s.holes()
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	return tpl, k, s
}

// visit renders as a visitor whose name is in the context of the template, and in
// that of Go.
func visit(tpl *pongo2.Template, who string, more pongo2.Context) (string, error) {
	data := pongo2.Context{"csrf": "secret-" + who}
	data.Update(more)
	return tpl.Execute(tags.WithContext(context.WithValue(context.Background(), visitorKey{}, "secret-"+who), data))
}

const visitorBlock = `{% cache 60 "a" stale=1h refresh=anew %}{{ slow() }}:{% nocache %}{{ csrf }}{% endnocache %}/{% hole "visitor" %}{% endcache %}`

func wantVisit(t *testing.T, tpl *pongo2.Template, who string, more pongo2.Context, rows string) {
	t.Helper()
	got, err := visit(tpl, who, more)
	if want := fmt.Sprintf("%s:secret-%s/secret-%[2]s", rows, who); err != nil || got != want {
		t.Errorf("%s got %q, %v, want %q", who, got, err, want)
	}
}

// On a miss, as one who waits for it, on a hit, of a stale block, while it is refilled,
// when that fails, and when it is refreshed.
func TestVisitorsSeeTheirOwnHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tpl, k, _ := spied(t, visitorBlock)
		var fills atomic.Int32
		fails := false
		data := pongo2.Context{"anew": false, "slow": func() (string, error) {
			time.Sleep(time.Second)
			if fails {
				return "", errors.New("no rows")
			}
			return fmt.Sprint("rows ", fills.Add(1)), nil
		}}
		together(50, func(i int) { wantVisit(t, tpl, fmt.Sprint("cold-", i), data, "rows 1") })
		together(50, func(i int) { wantVisit(t, tpl, fmt.Sprint("hit-", i), data, "rows 1") })

		time.Sleep(2 * time.Minute)
		fails = true
		together(50, func(i int) { wantVisit(t, tpl, fmt.Sprint("stale-", i), data, "rows 1") })
		time.Sleep(time.Minute)
		fails = false
		var leader sync.WaitGroup
		leader.Go(func() { wantVisit(t, tpl, "leader", data, "rows 2") })
		synctest.Wait()
		together(50, func(i int) { wantVisit(t, tpl, fmt.Sprint("beside-", i), data, "rows 1") })
		leader.Wait()
		anew := pongo2.Context{"anew": true, "slow": data["slow"]}
		wantVisit(t, tpl, "refresh", anew, "rows 3")
		wantVisit(t, tpl, "last", data, "rows 3")
		k.WantWithout(t, "secret")
	})
}

// A hole that is lost on the way: each visitor renders alone.
func TestVisitorsOfALostHoleRenderAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tpl, k, _ := spied(t, `{% cache 60 "a" %}{{ slow() }}{% filter upper %}{% nocache %}{{ csrf }}{% endnocache %}{% hole "visitor" %}{% endfilter %}{% endcache %}`)
		data := pongo2.Context{"slow": func() string { time.Sleep(time.Second); return "" }}
		for range 3 {
			together(30, func(i int) {
				who := fmt.Sprint("x", i)
				got, err := visit(tpl, who, data)
				if want := strings.ToUpper("secret-" + who + "secret-" + who); err != nil || got != want {
					t.Errorf("%s got %q, %v", who, got, err)
				}
			})
		}
		k.WantWithout(t, "secret")
	})
}

// A writer in the body that knows how marks look cannot make one; nor does one that
// copies what it was given.
func TestMarksCannotBeForged(t *testing.T) {
	forged := "h <&\"'\nAAAAAAAAAAAAAAAAAAAAAAAAAA0;"
	tpl, k, _ := spied(t, `{% autoescape off %}{% cache 60 "a" %}{{ text }}{% nocache %}{{ text }}{% endnocache %}{% hole "visitor" %}{{ text }}{% endcache %}{% endautoescape %}`)
	for _, who := range []string{"ada", "bob"} {
		got, err := visit(tpl, who, pongo2.Context{"text": forged})
		if want := forged + forged + "secret-" + who + forged; err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	k.WantWithout(t, "secret")
}

// What a mark looks like, for one who gets hold of it, is of no use in another fill.
func TestMarkOfAnotherFillIsText(t *testing.T) {
	tpl, _, s := spied(t, `{% macro m() %}{% hole "visitor" %}{% endmacro %}{% cache 60 "a" n %}{{ steal(m()) }}{{ text|safe }}{% endcache %}`)
	var stolen string
	data := pongo2.Context{"text": "", "n": 1, "steal": func(v string) string { stolen = cmp.Or(stolen, v); return "" }}
	if _, err := visit(tpl, "ada", data); err != nil || !strings.Contains(s.trace.take(), "skip a (the block in line 1 of page.html: a hole was lost") {
		t.Errorf("the hole that went elsewhere is not missed: %v", err)
	}
	data["text"], data["n"] = stolen, 2
	got, err := visit(tpl, "bob", data)
	if err != nil || got != stolen || strings.Contains(got, "bob") {
		t.Errorf("got %q, %v", got, err)
	}
}

// Whatever the Backend holds in place of a block is a miss.
func TestForeignValueOfABlockIsAMiss(t *testing.T) {
	for name, value := range map[string]string{
		"empty": "", "of an older edition": "<p>", "frame without a table": "\x01", "table too long": "\x01\xff\xff\xff\xff",
		"unknown hole": "\x01\x07\x00\x00\x00\x00\x06nobody\x00", "foreign id": "\x01\x05\x00\x00\x00\x00\x02\x01x\x00",
		"no id": "\x01\x04\x00\x00\x00\x00\x01\x01\x00", "no name": "\x01\x03\x00\x00\x00\x00\x00\x00",
	} {
		_, _, s := spied(t, "")
		s.set = newSet(map[string]string{"page.html": `{% cache 60 "a" %}{{ n }}{% nocache %}{{ csrf }}{% endnocache %}{% endcache %}`})
		if err := tags.Bind(s.set, s.registry); err != nil {
			t.Fatal(err)
		}
		tpl, _ := s.set.FromCache("page.html")
		key := storedKey(t, s, tpl)
		if err := s.registry.Cache("").Set(t.Context(), key, []byte(value), fragment.Policy{}); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"ada", "bob"} {
			if got, err := visit(tpl, who, pongo2.Context{"n": 5}); err != nil || got != "5secret-"+who {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
		}
	}
}

func TestStoredBodyOfWhatIsNoBlock(t *testing.T) {
	for value, want := range map[string]string{"\x00": "", "\x00<p>": "<p>", "": "-", "<p>": "-", "\x01": "-", "\x01\x00\x00\x00\x00x": "-"} {
		body, ok := tags.StoredBody([]byte(value))
		if ok != (want != "-") || ok && string(body) != want {
			t.Errorf("%q: got %q, %v", value, body, ok)
		}
	}
}

// storedKey returns the key of the block called a.
func storedKey(t *testing.T, s *site, tpl *pongo2.Template) fragment.Key {
	t.Helper()
	var b fragment.KeyBuilder
	b.Start("tag", "a")
	b.Bool(true)
	key := b.Key()
	if _, err := visit(tpl, "first", pongo2.Context{"n": 4}); err != nil {
		t.Fatal(err)
	}
	value, ok, err := s.registry.Cache("").Get(t.Context(), key)
	if !ok || err != nil {
		t.Fatalf("the key is another one: %v", err)
	}
	if body, ok := tags.StoredBody(value); !ok || string(body) != "4" {
		t.Fatalf("the body without its hole is %q, %v", body, ok)
	}
	return key
}

// Each hole belongs to its text: an entry that a former edition of the template left
// does not give one the place of another.
func TestHoleOfAFormerEdition(t *testing.T) {
	_, _, s := spied(t, "")
	shown := func(source string) string {
		s.set = newSet(map[string]string{"page.html": source})
		if err := tags.Bind(s.set, s.registry); err != nil {
			t.Fatal(err)
		}
		tpl, err := s.set.FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		out, err := visit(tpl, "ada", pongo2.Context{"n": 1})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	name, number := `{% nocache %}{{ csrf }}{% endnocache %}`, `{% nocache %}{{ n }}{% endnocache %}`
	shown(`{% cache 60 "a" %}[` + name + `|` + number + `]{% endcache %}`)
	if got := shown(`{% cache 60 "a" %}(` + number + `|` + name + `){% endcache %}`); got != "[secret-ada|1]" {
		t.Errorf("both holes are there still: got %q", got)
	}
	if got := shown(`{% cache 60 "a" %}(` + number + `){% endcache %}`); got != "(1)" {
		t.Errorf("one hole is gone: got %q", got)
	}
}

// Two visitors at once, of nested blocks in loops, while tags are invalidated.
func TestManyVisitorsAtOnce(t *testing.T) {
	tpl, k, s := spied(t, `{% for u in users %}{% cache 60 "row" u.ID tags="rows" %}{{ u.ID }}{% nocache %}{{ csrf }}{{ u.ID }}{% endnocache %};{% endcache %}{% endfor %}`+
		`{% cache 60 "outer" tags="outer" %}<{% cache 60 "inner" tags="inner" %}{% hole "visitor" %}{% nocache %}{{ csrf }}{% endnocache %}{% endcache %}{% hole "visitor" %}>{% endcache %}`)
	var slow atomic.Int32
	err := s.registry.Hole("slow", func(ctx context.Context, w io.Writer, _ []any) error { slow.Add(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	together(16, func(i int) {
		for round := range 30 {
			who := fmt.Sprint(i, "-", round)
			got, err := visit(tpl, who, pongo2.Context{"users": []user{{ID: 7}, {ID: 8}}})
			v := "secret-" + who
			if want := "7" + v + "7;8" + v + "8;<" + v + v + v + ">"; err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			if err := s.registry.InvalidateTags(t.Context(), []string{"rows", "outer", "inner"}[round%3]); err != nil {
				t.Error(err)
			}
		}
	})
	k.WantWithout(t, "secret")
}
