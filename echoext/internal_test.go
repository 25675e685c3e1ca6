package echoext

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzDecode feeds hostile bytes to the codec: no panic, no page that claims
// more than it holds, and what encode wrote comes back whole.
func FuzzDecode(f *testing.F) {
	page, _ := encode(200, time.Unix(1, 0), http.Header{"A": {"b", ""}, "C": {"d"}}, []byte("body"))
	f.Add(page)
	f.Add(spec("Accept,Origin").encode())
	f.Add([]byte{kindPage, storedVersion, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, value []byte) {
		page, other, ok := decode(value)
		if !ok || other != "" {
			return
		}
		h := http.Header{}
		page.into(h, "", nil)
		size := len(page.body)
		for name, value := range page.lines {
			size += len(name) + len(value)
		}
		if size > len(value) {
			t.Fatalf("a page of %d bytes from %d", size, len(value))
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("Name", "value", "other", "Second", []byte("body"))
	f.Fuzz(func(t *testing.T, a, b, c, d string, body []byte) {
		if len(a) > 1<<15 || len(d) > 1<<15 || slices.Contains([]string{"Vary", "Cache-Status"}, a) || slices.Contains([]string{"Vary", "Cache-Status"}, d) {
			return
		}
		h := http.Header{a: {b, c}}
		if d != a {
			h[d] = []string{c}
		}
		value, head := encode(200, time.Unix(7, 0), h, body)
		page, _, ok := decode(value)
		got := http.Header{}
		page.into(got, "", nil)
		delete(got, "Cache-Status")
		if !ok || !reflect.DeepEqual(got, h) || !bytes.Equal(page.body, body) || page.at != 7 {
			t.Fatalf("got %v %q %v, want %v %q", got, page.body, ok, h, body)
		}
		if short, _, ok := decode(value[:head]); !ok || len(short.body) != 0 || short.texts != page.texts {
			t.Fatal("the head alone does not decode")
		}
	})
}

// FuzzNormalise holds the query against net/url: the same values for what
// counts, in the same order for each name, and a normal form is its own.
func FuzzNormalise(f *testing.F) {
	for _, query := range []string{"", "a=1", "b&a", "utm_x=1&a", "a=2&b=1&a=1", "&&a", "a=%zz", "a;b=1", "=&=", strings.Repeat("z&y=1&", 40)} {
		f.Add(query)
	}
	rule, err := newQueryRule(PageConfig{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		normal := rule.normalise(query)
		if again := rule.normalise(normal); again != normal {
			t.Fatalf("%q becomes %q, and that %q", query, normal, again)
		}
		want := make(url.Values)
		for pair := range strings.SplitSeq(query, "&") {
			if pair == "" || !rule.counts(nameOf(pair)) {
				continue
			}
			one, _ := url.ParseQuery(pair)
			for name, values := range one {
				want[name] = append(want[name], values...)
			}
		}
		got, _ := url.ParseQuery(normal)
		if len(got) != len(want) {
			t.Fatalf("%q: got %v, want %v", query, got, want)
		}
		for name := range want {
			slices.Sort(want[name]) // names that differ in spelling alone may change places
			slices.Sort(got[name])
			if !slices.Equal(got[name], want[name]) {
				t.Fatalf("%q: %s is %q, want %q", query, name, got[name], want[name])
			}
		}
	})
}

func FuzzHeaderParsers(f *testing.F) {
	for _, line := range []string{`private`, `a="b,c", no-store`, `"`, `\`, `W/"x","y"`, `*`, `,,`, `a="\",private`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		forbids([]string{line})
		matches([]string{line}, `"x"`)
		s, _ := varyOf(http.Header{"Vary": {line}})
		if again := s.and(s); again != s {
			t.Fatalf("%q with itself is %q", s, again)
		}
	})
}

func FuzzDetail(f *testing.F) {
	f.Add("set-cookie")
	f.Add("a \"b\"\r\n")
	f.Fuzz(func(t *testing.T, why string) {
		if out := detail(why); strings.ContainsAny(out, "\r\n\x00") {
			t.Fatalf("%q becomes %q", why, out)
		}
	})
}
