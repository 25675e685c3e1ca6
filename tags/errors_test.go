package tags_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"
)

// Each template goes into page.html behind "<p>\n  ", so that what is wrong
// stands on line 2 from column 3 on.
var wrongTemplates = []struct {
	name string
	tag  string // an opening tag, or a whole template if it does not begin with "cache"
	at   string // line:column
	want string // in the message
}{
	{"no TTL", `cache`, "2:6", `the TTL is missing: write {% cache TTL [NAME [VARY …]]`},
	{"option in place of the TTL", `cache if=yes`, "2:6", `the TTL is missing`},
	{"swapped operands", `cache "sidebar" 300`, "2:12", `TTL and NAME are swapped: write {% cache 300 "sidebar" … %}`},
	{"swapped operands with a comma", `cache "sidebar", 5m`, "2:12", `TTL and NAME are swapped: write {% cache 5m "sidebar" … %}`},
	{"swapped strings", `cache "sidebar" "5m"`, "2:12", `TTL and NAME are swapped: write {% cache "5m" "sidebar" … %}`},
	{"NAME alone", `cache "sidebar"`, "2:12", `"sidebar" is not a duration: a TTL is one of 300, 1.5, 5m, 1h30m, 7d, "1.5h", default, forever or "del"; the TTL comes first: write {% cache 300 "sidebar" … %}`},
	{"NAME and VARY alone", `cache "sidebar" user.ID`, "2:12", `the TTL comes first: write {% cache 300 "sidebar" … %}`},
	{"number as NAME", `cache 300 5`, "2:16", `NAME is a string and stands before VARY, but here it is 5: write {% cache TTL [NAME [VARY …]]`},
	{"empty NAME", `cache 300 ""`, "2:16", `NAME is empty: write {% cache TTL [NAME`},
	{"two operands in one", `cache 60 -1`, "2:15", `a literal TTL is one word, and "-" follows it`},
	{"calculated without parentheses", `cache 60 * 2 "a"`, "2:15", `parentheses around a TTL that is computed`},
	{"filter on a literal", `cache 60|add:5 "a"`, "2:14", `a literal TTL is one word, and "|" follows it`},
	{"literal and word", `cache 60 and yes`, "2:15", `a literal TTL is one word, and "and" follows it`},
	{"decimal duration", `cache 1.5h "a"`, "2:12", `1.5h has to stand in quotes: write {% cache "1.5h" … %}`},
	{"two points", `cache 1.5.2 "a"`, "2:15", `a literal TTL is one word, and "." follows it`},
	{"no digits behind the point", `cache 1. "a"`, "2:12", `digits have to follow the point after 1`},
	{"unknown unit", `cache 5min "a"`, "2:12", `"5min" is not a duration`},
	{"number with an exponent", `cache 1e3 "a"`, "2:12", `"1e3" is not a duration`},
	{"empty string", `cache "" "a"`, "2:12", `"" is not a duration`},
	{"point alone", `cache "." "a"`, "2:12", `the TTL "." is a string`},
	{"signs in days", `cache "1d-5h" "a"`, "2:12", `"1d-5h" is not a duration`},
	{"no number of days", `cache "d" "a"`, "2:12", `"d" is not a duration`},
	{"centuries of days", `cache 999999d "a"`, "2:12", `"999999d" is over 292 years: a TTL is one of`},
	{"days beyond all numbers", `cache 99999999999999999999d "a"`, "2:12", `is over 292 years: a TTL is one of`},
	{"days and too many hours", `cache "106751d999h" "a"`, "2:12", `is over 292 years: a TTL is one of`},
	{"days and more days", `cache 1d2d "a"`, "2:12", `"1d2d" is not a duration`},
	{"zero", `cache 0 "a"`, "2:12", `a TTL of 0 is not above zero: write forever for an entry that does not expire, or use if= to cache under a condition`},
	{"zero duration", `cache "0s" "a"`, "2:12", `a TTL of 0s is not above zero: write forever`},
	{"negative duration", `cache "-5m" "a"`, "2:12", `a TTL of -5m is not above zero: write forever`},
	{"quoted number", `cache "300" "a"`, "2:12", `the TTL "300" is a string: write a number of seconds without quotes, or a duration with its unit such as "300s"`},
	{"true", `cache true "a"`, "2:12", `true is no TTL`},
	{"nanoseconds taken for seconds", `cache 300000000000 "a"`, "2:12", `is over 292 years: pass a time.Duration as it is, or write forever`},
	{"huge number", `cache 999999999999999999999999999999 "a"`, "2:12", `is over 292 years`},
	{"a call with a space", `cache 60 made (one)`, "2:20", `made (one) reads as one argument: write a comma between two`},
	{"an index with a space", `cache ttl [one]`, "2:16", `ttl [one] reads as one argument`},
	{"a minus with a space before it", `cache 60 "a" one -1`, "2:23", `one -1 reads as one argument: write a comma between two`},
	{"unknown option", `cache 60 "a" tag="x"`, "2:19", `unknown option tag=: write tags="users user:42"`},
	{"unknown option, no likely one", `cache 60 "a" frob=1`, "2:19", `unknown option frob=: there are using=, tags=, stale=, jitter=, early=, version=, if=, unless=, refresh=, digest=, such as using="shared"`},
	{"TTL as an option", `cache 60 "a" timeout=5`, "2:19", `unknown option timeout=: the TTL is the first argument: write {% cache TTL`},
	{"VARY as an option", `cache 60 "a" vary=one`, "2:19", `unknown option vary=: NAME and VARY stand behind the TTL without a word before them: write {% cache TTL`},
	{"another word for using", `cache 60 "a" cache="shared"`, "2:19", `unknown option cache=: write using="shared"`},
	{"repeated option", `cache 60 "a" if=yes if=no`, "2:26", `the option if= is given twice: write if=user once`},
	{"option without a value", `cache 60 "a" if=`, "2:19", `the option if= has no value: write if=expression, such as if=user`},
	{"option without a value before a comma", `cache 60 "a" stale=, if=yes`, "2:19", `the option stale= has no value: write stale=expression, such as stale=1h`},
	{"stale that is no duration", `cache 60 "a" stale="soon"`, "2:25", `stale= is "soon": want a number of seconds, a time.Duration or one of 300, 1.5, 5m, 1h30m, 7d, "1.5h", default or forever; 0 serves nothing stale`},
	{"stale with an unknown unit", `cache 60 "a" stale=5min`, "2:25", `stale= is "5min": want a number of seconds`},
	{"stale below zero", `cache 60 "a" stale=-5`, "2:25", `stale= is -5: want a number of seconds`},
	{"stale and more", `cache 60 "a" stale=5m|add:1`, "2:27", `stale=5m is one word, and "|" follows it: write a duration such as stale=1h, or an expression in parentheses`},
	{"del as stale", `cache 60 "a" stale="del"`, "2:25", `stale= is "del": want`},
	{"jitter above one", `cache 60 "a" jitter=1.5`, "2:26", `jitter= is 1.5: want a fraction from 0 to 1, such as jitter=0.1; 0 is none`},
	{"jitter below zero", `cache 60 "a" jitter=-1`, "2:26", `jitter= is -1: want a fraction from 0 to 1`},
	{"word as jitter", `cache 60 "a" jitter="much"`, "2:26", `jitter= is "much": want a fraction from 0 to 1`},
	{"early below zero", `cache 60 "a" early=-0.5`, "2:25", `early= is -0.5: want a number that is not below 0, such as early=1; 0 is none`},
	{"word as early", `cache 60 "a" early="yes"`, "2:25", `early= is "yes": want a number`},
	{"argument behind an option", `cache 60 if=yes "a"`, "2:22", `NAME and VARY stand before the options`},
	{"comma at the end", `cache 60 "a",`, "2:18", `nothing follows the last comma`},
	{"two commas", `cache 60 "a",, "b"`, "2:19", `VARY 1: Expected either a number, string, keyword or identifier. Write {% cache TTL`},
	{"broken expression", `cache 60 "a" user.`, "2:23", `VARY 1: Unexpected EOF`},
	{"unknown filter", `cache 60 "a" user|frob`, "2:24", `VARY 1: Filter 'frob' does not exist. Write {% cache TTL`},
	{"empty using", `cache 60 "a" using=""`, "2:25", `using="" is no name of a cache: write using="shared"`},
	{"number as using", `cache 60 "a" using=5`, "2:25", `using=5 is no name of a cache`},
	{"digest as a name", `cache 60 "a" digest=yes`, "2:26", `digest=yes is neither true nor false: write digest=false`},
	{"digest as a string", `cache 60 "a" digest="false"`, "2:26", `digest="false" is neither true nor false`},
	{"digest=false without NAME", `cache 60 digest=false`, "2:22", `digest=false needs a NAME, because a block without one is named by its digest`},
	{"bad tag", "cache 60 \"a\" tags=\"x\x02y\"", "2:24", `tags=: fragment: tag "x\x02y": a tag has no space, comma or control byte`},

	{"unclosed", `{% cache 60 "a" %}<b></b>`, "2:6", `this block is not closed: {% endcache %} is missing`},
	{"unclosed, outer", `{% cache 60 "a" %}{% cache 60 "b" %}{% endcache %}`, "2:6", `this block is not closed`},
	{"unclosed in another tag", `{% if yes %}{% cache 60 "a" %}{% cache 60 "b" %}{% endcache %}{% endif %}`, "2:18", `this block is not closed before {% endif %}: {% endcache %} is missing, or one of the two stands in the wrong place`},
	{"unclosed in a loop", `{% for x in list %}{% cache 60 "a" %}{% for y in list %}{% endfor %}{% endfor %}`, "2:25", `this block is not closed before {% endfor %}`},
	{"a tag inside that is open", `{% if yes %}{% cache 60 "a" %}{% if yes %}{% for x in list %}{% endif %}{% endfor %}{% endcache %}{% endif %}`, "2:67", `Tag 'endif' not found`},
	{"an end of nothing", `{% cache 60 "a" %}{% endif %}{% endcache %}`, "2:24", `Tag 'endif' not found`},
	{"a tag inside that is closed twice", `{% if yes %}{% cache 60 "a" %}{% if yes %}{% endif %}{% endif %}{% endcache %}{% endif %}`, "2:18", `this block is not closed before {% endif %}`},
	{"closed by another tag", `{% cache 60 "a" %}{% if yes %}{% endcache %}`, "2:36", `Tag 'endcache' not found (or beginning tag not provided)`},
	{"endcache with an argument", `{% cache 60 "a" %}{% endcache "a" %}`, "2:33", `endcache takes no arguments: write {% endcache %}`},
	{"block inside", `{% cache 60 "a" %}{% if yes %}{% block x %}{% endblock %}{% endif %}{% endcache %}`, "2:36", `{% block %} cannot be inside of {% cache %}`},
	{"block inside, nested", `{% cache 60 "a" %}{% cache 60 "b" %}{% block x %}{% endblock %}{% endcache %}{% endcache %}`, "2:42", `{% block %} cannot be inside of {% cache %}`},
	{"never run", `{% extends "layout.html" %}{% cache 60 "a" %}{% endcache %}`, "2:33", `{% cache %} would never run here`},
	{"never run, extends later", `{% block x %}{% endblock %}{% comment %}{% block y %}{% endcomment %}{% cache 60 "a" %}{% endcache %}{% extends "layout.html" %}`, "2:75", `move it into a {% block %}`},

	{"inside of itself", `{% cache 60 "a" %}{% cache 60 "a" %}{% endcache %}{% endcache %}`, "2:24", `this block is inside of itself: what has the same NAME and VARY is being rendered around it; give one of them another NAME, or VARY that tell them apart`},
	{"inside of itself, between others", `{% cache 60 "a" one %}{% cache 60 "b" %}{% cache 60 "a" 1 %}{% endcache %}{% endcache %}{% endcache %}`, "2:46", `this block is inside of itself`},
	{"inside of itself, by a macro", `{% macro m() %}{% cache 60 "a" %}{{ m() }}{% endcache %}{% endmacro %}{{ m() }}`, "2:76", `this block is inside of itself`},
	{"inside of itself, where it is not cached", `{% cache 60 "a" %}{% cache 60 "b" if=no %}{% cache 60 "a" %}{% endcache %}{% endcache %}{% endcache %}`, "2:48", `this block is inside of itself`},
	{"cycle without a loop", `{% cache 60 "a" %}{% cycle "a" "b" %}{% endcache %}`, "2:24", `{% cycle %} inside of {% cache %} would count on a miss and not on a hit: put the whole {% for %} inside of the block, or use forloop.Counter0`},
	{"cycle of a loop around", `{% for x in list %}{% cache 60 x %}{% for y in list %}{% endfor %}{% cycle "a" "b" %}{% endcache %}{% endfor %}`, "2:72", `{% cycle %} inside of {% cache %}`},
	{"cycle that began outside", `{% for x in list %}{% cycle "a" "b" as c silent %}{% cache 60 x %}{% for y in list %}{% cycle c %}{% endfor %}{% endcache %}{% endfor %}`, "2:91", `{% cycle c %} inside of {% cache %} would move on a cycle outside of it, on a miss and not on a hit: begin that cycle inside of the block`},
	{"ifchanged of a loop around", `{% for x in list %}{% cache 60 x %}{% ifchanged %}{{ x }}{% endifchanged %}{% endcache %}{% endfor %}`, "2:41", `{% ifchanged %} inside of {% cache %}`},
	{"uncache that never runs", `{% extends "layout.html" %}{% uncache "a" %}`, "2:33", `{% uncache %} would never run here`},
	{"nostore that never runs", `{% extends "layout.html" %}{% nostore %}`, "2:33", `{% nostore %} would never run here`},
	{"cachetags that never runs", `{% extends "layout.html" %}{% cachetags "a" %}`, "2:33", `{% cachetags %} would never run here`},
	{"uncache without NAME", `{% uncache %}`, "2:6", `the NAME is missing: write {% uncache NAME [VARY …] [using=expression] %}, such as {% uncache "sidebar" user.ID %}`},
	{"uncache with an option alone", `{% uncache using="shared" %}`, "2:6", `the NAME is missing`},
	{"uncache with a comma in place of NAME", `{% uncache , using="shared" %}`, "2:6", `the NAME is missing`},
	{"uncache with a TTL", `{% uncache 300 "a" %}`, "2:14", `NAME is a string and stands before VARY, but here it is 300: write {% uncache NAME`},
	{"uncache with another option", `{% uncache "a" tags="x" %}`, "2:18", `unknown option tags=: there are using=, such as using="shared"`},
	{"uncache with two caches", `{% uncache "a" using="shared" using="b" %}`, "2:33", `the option using= is given twice: write using="shared" once`},
	{"uncache with an empty using", `{% uncache "a" using="" %}`, "2:24", `using="" is no name of a cache`},
	{"uncache in a cached body", `{% cache 60 "a" %}{% if yes %}{% uncache "b" %}{% endif %}{% endcache %}`, "2:36", `{% uncache %} inside of {% cache %} would run on a miss alone: put it before the block`},
	{"uncache of a struct", `{% uncache "a" one user %}`, "2:22", `VARY 2: user is a tags_test.user, of which two cannot be told apart`},
	{"uncache of what is not there", `{% uncache "a" usr.ID %}`, "2:18", `VARY 1: usr is not in the context`},
	{"uncache of a number", `{% uncache one %}`, "2:14", `NAME is of type int: want a string`},
	{"uncache in no cache", `{% uncache "a" using=uno %}`, "2:24", `using=: there is no cache "1"`},
	{"a panic in uncache", `{% uncache "a" (1 / 0) %}`, "2:18", `VARY 1 cannot be evaluated`},
	{"nostore with two reasons", `{% nostore "a" "b" %}`, "2:18", `nostore takes one reason: write {% nostore "reason" %}`},
	{"nostore with a broken reason", `{% nostore "a"| %}`, "2:17", `the reason: Filter name must be an identifier. Write {% nostore "reason" %}`},
	{"nostore with a number", `{% nostore one %}`, "2:14", `the reason is of type int: want a string that says why, as in {% nostore "reason" %}`},
	{"a panic in nostore", `{% nostore (1 / 0) %}`, "2:14", `the reason cannot be evaluated`},
	{"cachetags without a tag", `{% cachetags %}`, "2:6", `cachetags needs a tag: write {% cachetags TAG … %}, such as {% cachetags "users" user.Tag %}`},
	{"cachetags with an option", `{% cachetags "a" if=yes %}`, "2:20", `cachetags has no options`},
	{"cachetags with a bad tag", "{% cachetags \"a\" \"x\x02y\" %}", "2:20", `TAG 2: fragment: tag "x\x02y": a tag has no space, comma or control byte`},
	{"cachetags with a comma at the end", `{% cachetags "a", %}`, "2:19", `nothing follows the last comma`},
	{"cachetags with a number", `{% cachetags "a" one %}`, "2:20", `TAG 2 is of type int: want a string such as "users user:42" or a list of strings`},
	{"cachetags with a list of structs", `{% cachetags users %}`, "2:16", `TAG 1 holds a list with tags_test.user: want strings`},
	{"cachetags with what is not there", `{% cachetags "a" usr.ID %}`, "2:20", `TAG 2: usr is not in the context`},
	{"a panic in cachetags", `{% cachetags (1 / 0) %}`, "2:16", `TAG 1 cannot be evaluated`},

	{"undefined name", `cache 60 "a" usr.ID`, "2:19", `VARY 1: usr is not in the context: pass it, or write usr|default:"" where it may be missing`},
	{"undefined name in a call", `cache 60 "a" list.0|upper one show(usr)`, "2:36", `VARY 3: show is not in the context`},
	{"undefined TTL", `cache tt "a"`, "2:12", `TTL: tt is not in the context`},
	{"undefined NAME", `cache 60 sidebar`, "2:15", `NAME: sidebar is not in the context`},
	{"undefined using", `cache 60 "a" using=share`, "2:25", `using=: share is not in the context`},
	{"undefined tags", `cache 60 "a" tags=lst`, "2:24", `tags=: lst is not in the context`},
	{"unquoted del", `cache del "a"`, "2:12", `TTL: del is not in the context`},
	{"struct", `cache 60 "a" one user`, "2:23", `VARY 2: user is a tags_test.user, of which two cannot be told apart: name a field of it, such as user.ID, or give the type a method CacheKey() string`},
	{"pointer to a struct", `cache 60 "a" pointer`, "2:19", `VARY 1: pointer is a *tags_test.user`},
	{"map", `cache 60 "a" map`, "2:19", `VARY 1: map is a map[string]int`},
	{"list of structs", `cache 60 "a" users`, "2:19", `VARY 1: users is a []tags_test.user`},
	{"number as NAME at run time", `cache 60 one`, "2:15", `NAME is of type int: want a string that is not empty; other values go behind it, as VARY`},
	{"empty NAME at run time", `cache 60 empty`, "2:15", `NAME is "": want a string`},
	{"swapped at run time", `cache shared "a"`, "2:12", `"shared" is not a duration`},
	{"swapped at run time, order", `cache shared "a"`, "2:12", `TTL comes first and NAME second, as in {% cache 300 "shared" … %}`},
	{"zero at run time", `cache (one - 1) "a"`, "2:12", `a TTL of 0 is not above zero: write forever for an entry that does not expire, or use if=`},
	{"negative literal", `cache -5 "a"`, "2:12", `a TTL of -5 is not above zero`},
	{"negative duration at run time", `cache minus "a"`, "2:12", `a TTL of -1s is not above zero`},
	{"not a number", `cache nan "a"`, "2:12", `a TTL of NaN is no number of seconds: write forever for an entry that does not expire, or use if=`},
	{"infinite", `cache inf "a"`, "2:12", `a TTL of +Inf is no number of seconds: write forever`},
	{"nil TTL", `cache nil "a"`, "2:12", `the TTL is nil: want a number of seconds`},
	{"list as TTL", `cache list "a"`, "2:12", `the TTL is of type []string: want a number of seconds, a time.Duration or one of`},
	{"unknown cache", `cache 60 "a" using="elsewhere"`, "2:25", `using=: there is no cache "elsewhere": open it with Registry.Open, or declare it with Registry.Cache("elsewhere")`},
	{"unknown cache at run time", `cache 60 "a" using=uno`, "2:25", `using=: there is no cache "1"`},
	{"number as cache", `cache 60 "a" using=one`, "2:25", `using= is of type int: want the name of a cache`},
	{"number as tags", `cache 60 "a" tags=one`, "2:24", `tags= is of type int: want a string such as "users user:42" or a list of strings`},
	{"nil as tags", `cache 60 "a" tags=nil`, "2:24", `tags= is nil: want a string`},
	{"list of structs as tags", `cache 60 "a" tags=users`, "2:24", `tags= holds a list with tags_test.user: want strings`},
	{"tag with a space in a list", `cache 60 "a" tags=spaced`, "2:24", `a tag has no space, comma or control byte`},
	{"undefined stale", `cache 60 "a" stale=ages`, "2:25", `stale=: ages is not in the context`},
	{"undefined version", `cache 60 "a" version=ver`, "2:27", `version=: ver is not in the context: pass it, or write ver|default:""`},
	{"struct as version", `cache 60 "a" one version=user`, "2:31", `version=: user is a tags_test.user, of which two cannot be told apart: name a field of it, such as user.ID`},
	{"list as stale", `cache 60 "a" stale=list`, "2:25", `stale= is of type []string: want a number of seconds`},
	{"nil as stale", `cache 60 "a" stale=nil`, "2:25", `stale= is nil: want a number of seconds`},
	{"negative stale at run time", `cache 60 "a" stale=minus`, "2:25", `stale= is -1s: want a number of seconds`},
	{"no number as jitter", `cache 60 "a" jitter=nan`, "2:26", `jitter= is NaN: want a fraction from 0 to 1`},
	{"list as jitter", `cache 60 "a" jitter=list`, "2:26", `jitter= is of type []string: want a fraction`},
	{"infinite early", `cache 60 "a" early=inf`, "2:25", `early= is +Inf: want a number`},
	{"nil as early", `cache 60 "a" early=nil`, "2:25", `early= is nil: want a number`},
	{"a panic in refresh", `cache 60 "a" refresh=(1 / 0)`, "2:27", `refresh= cannot be evaluated`},
	{"a panic in stale", `cache 60 "a" stale=(1 / 0)`, "2:25", `stale= cannot be evaluated`},
	{"a panic of pongo2", `cache 60 "a" (1 / 0)`, "2:19", `VARY 1 cannot be evaluated: runtime error: integer divide by zero`},
	{"a panic in TTL", `cache (1 % 0)`, "2:12", `TTL cannot be evaluated: runtime error: integer divide by zero`},
	{"a panic in if", `cache 60 "a" if=(1 / 0)`, "2:22", `if= cannot be evaluated`},
	{"a panic in tags", `cache 60 "a" tags=(1 / 0)`, "2:24", `tags= cannot be evaluated`},
	{"a function that fails", `cache 60 "a" fail()`, "2:19", `no such luck`},
}

func TestErrors(t *testing.T) {
	for _, c := range wrongTemplates {
		t.Run(c.name, func(t *testing.T) {
			source := c.tag
			if strings.HasPrefix(source, "cache") {
				source = "{% " + c.tag + " %}body{% endcache %}"
			}
			s := newSite(t, map[string]string{"page.html": "<p>\n  " + source, "layout.html": ""})
			out, err := s.render("page.html", wrongData)
			var e *pongo2.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: got output %q and error %v, want a *pongo2.Error", source, out, err)
			}
			if got := fmt.Sprintf("%d:%d", e.Line, e.Column); e.Filename != "page.html" || got != c.at {
				t.Errorf("%s: got the error at %s:%s, want page.html:%s: %v", source, e.Filename, got, c.at, err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got error\n%v\nwant one that contains\n%s", source, err, c.want)
			}
		})
	}
}
