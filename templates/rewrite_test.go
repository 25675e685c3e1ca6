package templates_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/templates"
)

var rewrites = []struct{ name, in, want string }{
	{"nothing to turn", `<p>{{ x }}</p>`, `<p>{{ x }}</p>`},
	{"a block", `a<% cache 30 %>b<% endcache %>c`, `a{% cache 30 %}b{% endcache %}c`},
	{"arguments", `<% cache 30 "side bar" user.ID|upper tags="a,b" if=x and y %>`, `{% cache 30 "side bar" user.ID|upper tags="a,b" if=x and y %}`},
	{"trim marks", `<%- cache 30 -%>b<%- endcache -%>`, `{%- cache 30 -%}b{%- endcache -%}`},
	{"no spaces", `<%cache%><%endcache%><%-cache-%>`, `{%cache%}{%endcache%}{%-cache-%}`},
	{"mixed spellings", `<% cache 30 %>b{% endcache %}{% cache 30 %}b<% endcache %>`, `{% cache 30 %}b{% endcache %}{% cache 30 %}b{% endcache %}`},
	{"nested", `<% cache 30 %>a<% cache 5 %>b<% endcache %><% endcache %>`, `{% cache 30 %}a{% cache 5 %}b{% endcache %}{% endcache %}`},
	{"closer in a string", `<% cache 30 "a %> b" 'c %> d' "\" %>" %>`, `{% cache 30 "a %> b" 'c %> d' "\" %>" %}`},
	{"lines and columns", "é\n <% cache 30 %>\r\n\t<% endcache %>", "é\n {% cache 30 %}\r\n\t{% endcache %}"},
	{"each word", `<% nocache %><% endnocache %><% hole "a" b %><% nostore "why" %><% cachetags "a" b %><% uncache "a" 1 %><% cacheeach x in y 5 "a" x %><% endcacheeach %>`,
		`{% nocache %}{% endnocache %}{% hole "a" b %}{% nostore "why" %}{% cachetags "a" b %}{% uncache "a" 1 %}{% cacheeach x in y 5 "a" x %}{% endcacheeach %}`},
	{"a tag in a string of a tag", `<% cache 5 "<% cache 6 %>" %>`, `{% cache 5 "<% cache 6 %>" %}`},
	{"an open string before another tag", `<% cache 5 "a %> b <% endcache %>`, `<% cache 5 "a %> b {% endcache %}`},
	{"a comment in a body", `<% cache 5 %>{# <% endcache %> #}<% endcache %>`, `{% cache 5 %}{# <% endcache %> #}{% endcache %}`},
	{"verbatim in a body", `<% cache 5 %>{% verbatim %}<% endcache %>{% endverbatim %}<% endcache %>`, `{% cache 5 %}{% verbatim %}<% endcache %>{% endverbatim %}{% endcache %}`},
	{"a comment tag", `{% comment %}<% cache 5 %>{% endcomment %}`, `{% comment %}{% cache 5 %}{% endcomment %}`},
	{"a comment with a delimiter in it", `{# {% #}<% cache 5 %>`, `{# {% #}{% cache 5 %}`},
	{"script words", `<% hole.dig() %><% nostore=1 %><% cachetags(x) %><% uncache; %>`, ``},
	{"another word", `<% caches %><% cached 1 %><% endcaches %><% Cache 1 %><% if x %>`, ``},
	{"scripts", `<%= cache %><% cache.get(1) %><% cache(1) %><% cache = 1 %><% cache == 1 %><% cache; %><% cache ? 1 : 2 %>`, ``},
	{"braces inside", `<% cache {a: 1} %><% cache 1 }} %><% cache 1 %} %>`, ``},
	{"unclosed", `<% cache 30`, ``},
	{"closed on another line", "<% cache 30\n%>", ``},
	{"an open string", `<% cache "a %>`, ``},
	{"a string with a wrong escape", `<% cache "\n" %>`, ``},
	{"behind a brace", `{<% cache 30 %>`, ``},
	{"in a comment", `{# <% cache 30 %> #}<% cache 5 %>`, `{# <% cache 30 %> #}{% cache 5 %}`},
	{"in verbatim", `{% verbatim %}<% cache 30 %>{% endverbatim %}<% cache 5 %>`, `{% verbatim %}<% cache 30 %>{% endverbatim %}{% cache 5 %}`},
	{"in verbatim of another spelling", `{%verbatim%}<% cache 30 %>`, `{%verbatim%}{% cache 30 %}`},
	{"in an open verbatim", `{% verbatim %}<% cache 30 %>`, ``},
	{"in a variable", `{{ "<% cache 30 %>" }}{{ a <% cache 30 %> }}<% cache 5 %>`, `{{ "<% cache 30 %>" }}{{ a <% cache 30 %> }}{% cache 5 %}`},
	{"in a tag", `{% set x = "%}<% cache 30 %>" %}<% cache 5 %>`, `{% set x = "%}<% cache 30 %>" %}{% cache 5 %}`},
	{"an escaped quote in a tag", `{% set x = "\"<% cache 30 %>" %}<% cache 5 %>`, `{% set x = "\"<% cache 30 %>" %}{% cache 5 %}`},
	{"a tag that pongo2 leaves at a foreign byte", `{{ a ; <% cache 5 %>`, `{{ a ; {% cache 5 %}`},
	{"a comment that is not closed on its line", "{# a\n <% cache 5 %> #}", ``},
	{"a tag with a line in it", "{{ a\n }}<% cache 5 %>", ``},
	{"behind byte 1", "a\x01<% cache 5 %>", ``},
	{"beside others", `<% if (x) { %><b><%= x %></b><% } %><% cache 5 %>`, `<% if (x) { %><b><%= x %></b><% } %>{% cache 5 %}`},
	{"a lone opener before", `a <% b <% cache 5 %>`, `a <% b {% cache 5 %}`},
}

func TestRewrite(t *testing.T) {
	for _, c := range rewrites {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want == "" {
				want = c.in
			}
			source := []byte(c.in)
			if got := string(templates.Rewrite(source)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if string(source) != c.in {
				t.Errorf("the source became %q", source)
			}
			if got := templates.RewriteString(c.in); got != want {
				t.Errorf("RewriteString: got %q, want %q", got, want)
			}
		})
	}
}

// lexed holds the tokens of the template that probe was last parsed in.
var lexed []*pongo2.Token

func init() {
	err := pongo2.RegisterTag("probe", func(doc *pongo2.Parser, _ *pongo2.Token, _ *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
		for i := range doc.Count() {
			lexed = append(lexed, doc.Get(i))
		}
		return nil, doc.Error("seen", nil)
	})
	if err != nil {
		panic(err)
	}
}

const probe = "{% probe %}"

// lex returns pongo2's tokens of a source that begins with probe, by offset;
// ok is false if pongo2 refuses it.
func lex(source string) (tokens map[int]*pongo2.Token, ok bool) {
	lexed = nil
	pongo2.FromString(source)
	lines := []int{0}
	for i, c := range []byte(source) {
		if c == '\n' {
			lines = append(lines, i+1)
		}
	}
	tokens = make(map[int]*pongo2.Token)
	for _, t := range lexed {
		tokens[lines[t.Line-1]+t.Col-1] = t
	}
	return tokens, len(lexed) > 0
}

func FuzzRewrite(f *testing.F) {
	for _, c := range rewrites {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := probe + text
		out := string(templates.Rewrite([]byte(source)))
		if err := sameButDelimiters(source, out); err != nil {
			t.Fatalf("%q became %q: %v", source, out, err)
		}
		if again := templates.RewriteString(out); again != out {
			t.Fatalf("%q became %q, and that %q", source, out, again)
		}
		if tokens, ok := lex(out); ok {
			wantTags(t, source, out, tokens)
		}
		if tokens, ok := lex(source); ok {
			wantNoneForgotten(t, source, out, tokens)
		}
	})
}

func sameButDelimiters(source, out string) error {
	if len(out) != len(source) {
		return fmt.Errorf("%d bytes became %d", len(source), len(out))
	}
	for i := range len(source) {
		opens := source[i] == '<' && out[i] == '{' && source[i+1] == '%'
		closes := source[i] == '>' && out[i] == '}' && source[i-1] == '%'
		if source[i] != out[i] && !opens && !closes {
			return fmt.Errorf("byte %d has changed", i)
		}
	}
	return nil
}

// wantTags tests that pongo2 reads a cache tag wherever one was written.
func wantTags(t *testing.T, source, out string, tokens map[int]*pongo2.Token) {
	t.Helper()
	for i := range len(source) {
		if source[i] != '<' || out[i] != '{' {
			continue
		}
		at := tokens[i]
		if at == nil || at.Typ != pongo2.TokenSymbol || at.Val != "{%" {
			t.Fatalf("%q became %q, but pongo2 reads %v at %d", source, out, at, i)
		}
	}
}

// wantNoneForgotten tests that a tag in what pongo2 takes for text was written.
func wantNoneForgotten(t *testing.T, source, out string, tokens map[int]*pongo2.Token) {
	t.Helper()
	const tag = "<% cache 5 %>"
	for at, token := range tokens {
		if token.Typ != pongo2.TokenHTML || strings.HasSuffix(source[:at], "{% verbatim %}") {
			continue
		}
		i := strings.Index(token.Val, "<%")
		if i < 0 || !strings.HasPrefix(token.Val[i:], tag) || strings.HasSuffix(source[:at+i], "{") {
			continue
		}
		if out[at+i] != '{' {
			t.Fatalf("%q became %q: the tag at %d was left", source, out, at+i)
		}
	}
}

func BenchmarkRewrite(b *testing.B) {
	source := bytes.Repeat([]byte(`<tr><td>{{ user.Name|escape }}</td></tr>`+"\n"), 500)
	source = append(source, `<% cache 30 "x" %>y<% endcache %>`...)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		templates.Rewrite(source)
	}
}
