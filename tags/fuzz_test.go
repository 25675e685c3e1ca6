package tags_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"
)

// Whatever stands in an opening tag is either understood, and then a second
// rendering gives what the first one gave, or it is an error with a place.
func FuzzArguments(f *testing.F) {
	for _, c := range wrongTemplates {
		if arguments, ok := strings.CutPrefix(c.tag, "cache"); ok {
			f.Add(arguments)
		}
	}
	for _, arguments := range []string{
		`300`, `300 "a"`, `5m "a" user.ID one`, `"1h30m", "a", -1, tags="x y", using=shared`, `(60 * 2) "a"|upper list.0`,
		`forever "a" (one + 1) not yes if=one == 1 and yes unless=no`, `ttl "a" item now nil absent|default:"-"`, `1.5 tags=list`,
		`60 "a" stale=5m jitter=0.1 early=1 version=user.ID refresh=no`, `60 "a", stale=(ttl), jitter=half, early=-1, version=nil`,
		`60 "a" stale="7d" refresh=absent|default:no unless=yes version="x"|upper`, `60 "a" stale=forever jitter=1.0 early=0 tags=""`,
	} {
		f.Add(arguments)
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, arguments string) {
		if strings.ContainsAny(arguments, "{}%\n") {
			return // no longer one tag
		}
		s.wantTwiceTheSame(t, "{% cache "+arguments+" %}{{ n }}{% endcache %}")
	})
}

// wantTwiceTheSame renders a template twice.
func (s *site) wantTwiceTheSame(t *testing.T, source string) {
	t.Helper()
	tpl, err := s.set.FromString(source)
	if err != nil {
		wantPlace(t, err)
		return
	}
	data := s.data(wrongData)
	data["n"] = 1
	first, err := tpl.Execute(data)
	if err != nil {
		wantPlace(t, err)
		return
	}
	if second, err := tpl.Execute(data); err != nil || second != first {
		t.Errorf("got %q, then %q, %v", first, second, err)
	}
}

func wantPlace(t *testing.T, err error) {
	t.Helper()
	var e *pongo2.Error
	if !errors.As(err, &e) || e.Line != 1 || e.Column < 1 || e.Filename != "<string>" {
		t.Errorf("got error %v, want one in line 1 of <string>", err)
	}
}

// So it is for a loop, in which a second rendering finds what the first one left.
func FuzzEach(f *testing.F) {
	for _, c := range wrongLoops {
		if arguments, ok := strings.CutPrefix(c.tag, "{% cacheeach"); ok {
			arguments, _, _ = strings.Cut(arguments, "%}")
			f.Add(arguments)
		}
	}
	for _, arguments := range []string{
		` u in users 300 "row" u.ID`, ` k, u in map sorted reversed, 5m, "row", k u`, ` u in list reversed forever shared|add:u forloop.Last`,
		` u in "aab" 60 "c" u stale=5m jitter=0.1 early=1 version=u refresh=no`, ` u in users 1.5 "r" u.Name if=u.ID == 7 unless=forloop.First tags=list`,
		` u in nobody 60 "a" u`, ` u in users "del" "a" u.ID`, ` u in list default "a" u digest=false using=shared refresh=forloop.Last`,
	} {
		f.Add(arguments)
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, arguments string) {
		if strings.ContainsAny(arguments, "{}%\n") {
			return // no longer one tag
		}
		s.wantTwiceTheSame(t, "{% cacheeach"+arguments+" %}{{ u }}{{ k }}{% for x in list %}{{ forloop.Counter }}{% endfor %}{% empty %}{{ n }}{% endcacheeach %}")
	})
}

// So it is for the template tags without a body.
func FuzzGuards(f *testing.F) {
	for _, c := range wrongTemplates {
		for _, name := range []string{"uncache", "nostore", "cachetags"} {
			if arguments, ok := strings.CutPrefix(c.tag, "{% "+name); ok && strings.HasSuffix(arguments, "%}") {
				f.Add(name, strings.TrimSuffix(arguments, "%}"))
			}
		}
	}
	f.Add("uncache", `"a", user.ID one+1 using="shared"`)
	f.Add("nostore", `"the "+shared|upper`)
	f.Add("cachetags", `"a b", list "user:"+user.ID`)
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, name, arguments string) {
		if strings.ContainsAny(name+arguments, "{}%\n") || name != "uncache" && name != "nostore" && name != "cachetags" {
			return
		}
		tpl, err := s.set.FromString("{% " + name + " " + arguments + " %}{{ n }}")
		if err != nil {
			wantPlace(t, err)
			return
		}
		data := s.data(wrongData)
		data["n"] = 1
		if out, err := tpl.Execute(data); err != nil {
			wantPlace(t, err)
		} else if out != "1" {
			t.Errorf("got %q, want no output but what is around", out)
		}
	})
}
