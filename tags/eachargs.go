package tags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// A loop is what {% cacheeach %} has in common with {% for %}.
type loop struct {
	key, value string // names; value is "" if there is one alone
	list       *operand
	reversed   bool
	sorted     bool
}

// loop reads ITEM in LIST, or KEY, VALUE in MAP.
func (r reader) loop() (l loop, err *pongo2.Error) {
	if l.key, err = r.itemName(); err != nil {
		return l, err
	}
	if r.Match(pongo2.TokenSymbol, ",") != nil {
		if l.value, err = r.itemName(); err != nil {
			return l, err
		}
		if l.value == l.key {
			return l, r.fail(r.Get(r.Count()-r.Remaining()-1), "key and value have the same name: write {% cacheeach key, value in map … %}")
		}
	}
	if r.Match(pongo2.TokenKeyword, "in") == nil {
		return l, r.fail(r.here(), "the word in is missing: write "+r.usage)
	}
	if r.Remaining() == 0 {
		return l, r.fail(r.start, "the LIST is missing: write "+r.usage)
	}
	if l.list, err = r.operand("LIST"); err != nil {
		return l, err
	}
	l.list.roots = nil // as in {% for %}, a name that is not there is an empty list
	for {
		switch {
		case !l.reversed && r.Match(pongo2.TokenIdentifier, "reversed") != nil:
			l.reversed = true
		case !l.sorted && r.Match(pongo2.TokenIdentifier, "sorted") != nil:
			l.sorted = true
		default:
			r.Match(pongo2.TokenSymbol, ",")
			return l, nil
		}
	}
}

// itemName reads a name that the loop gives.
func (r reader) itemName() (string, *pongo2.Error) {
	t := r.MatchType(pongo2.TokenIdentifier)
	switch {
	case t == nil:
		return "", r.fail(r.here(), "the name of the item is missing: write "+r.usage)
	case t.Val == "forloop" || t.Val[0] >= '0' && t.Val[0] <= '9':
		return "", r.fail(t, fmt.Sprintf("%s is no name for an item: write %s", t.Val, r.usage))
	}
	return t.Val, nil
}

// here is the token at which something is missing.
func (r reader) here() *pongo2.Token {
	if t := r.Current(); t != nil {
		return t
	}
	return r.start
}

// checkArguments refuses arguments that would give all items one entry, and those
// that are one for all of them and speak of one.
func (t *loopTag) checkArguments(r reader) *pongo2.Error {
	if len(t.vary) == 0 {
		return r.fail(t.start, fmt.Sprintf("the items would share one entry: write {%% cacheeach %s in %s 300 \"row\" %s.ID %%}", t.loop.key, t.loop.list.text, t.loop.key))
	}
	all := slices.Concat([]*operand{t.ttl.expr, t.arguments.name}, t.vary, t.option[:])
	t.usesForloop = slices.ContainsFunc(all, func(o *operand) bool { return o.uses("forloop") != nil })
	apart := slices.Concat([]*operand{t.arguments.name, t.option[optVersion]}, t.vary)
	t.knowsPlace = slices.ContainsFunc(apart, func(o *operand) bool { return o.uses("forloop") != nil })
	if !slices.ContainsFunc(apart, func(o *operand) bool { return o.uses(t.loop.names()...) != nil }) {
		return r.fail(t.vary[0].tokens[0], fmt.Sprintf("the items would share one entry, because no VARY uses %s: write {%% cacheeach %s in %s 300 \"row\" %s.ID %%}",
			strings.Join(t.loop.names(), ", "), t.loop.key, t.loop.list.text, t.loop.key))
	}
	for _, o := range []*operand{t.ttl.expr, t.option[optUsing], t.option[optStale], t.option[optJitter], t.option[optEarly]} {
		if at := o.uses(t.loop.names()...); at != nil {
			return r.fail(at, fmt.Sprintf("%s is one for all items, so it cannot use %s: use if=, unless= or refresh= for what depends on the item, or {%% for %%} around {%% cache %%}",
				strings.TrimSuffix(o.label, "="), at.Val))
		}
	}
	return nil
}

// names are those that the loop gives.
func (l *loop) names() []string {
	if l.value == "" {
		return []string{l.key, "forloop"}
	}
	return []string{l.key, l.value, "forloop"}
}

// uses returns where an operand, which may be nil, has one of some names.
func (o *operand) uses(names ...string) *pongo2.Token {
	if o == nil {
		return nil
	}
	before := ""
	for _, t := range o.tokens {
		if t.Typ == pongo2.TokenIdentifier && before != "." && before != "|" && slices.Contains(names, t.Val) {
			return t
		}
		before = ""
		if t.Typ == pongo2.TokenSymbol {
			before = t.Val
		}
	}
	return nil
}
