package tags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// An option is a name that may stand before "=".
type option int

const (
	optUsing option = iota
	optTags
	optStale
	optJitter
	optEarly
	optVersion
	optIf
	optUnless
	optRefresh
	optDigest
	optCount
)

// optionNames are how options are written, and optionForms what a template may
// write, for messages.
var (
	optionNames = [optCount]string{"using", "tags", "stale", "jitter", "early", "version", "if", "unless", "refresh", "digest"}
	optionForms = [optCount]string{
		optUsing:   `using="shared"`,
		optTags:    `tags="users user:42"`,
		optStale:   `stale=1h`,
		optJitter:  `jitter=0.1`,
		optEarly:   `early=1`,
		optVersion: `version=2`,
		optIf:      `if=user`,
		optUnless:  `unless=preview`,
		optRefresh: `refresh=preview`,
		optDigest:  `digest=false`,
	}
)

// An optionSet are the options of one template tag, each nil if it is not there.
type optionSet [optCount]*operand

func (s *optionSet) isEmpty() bool { return *s == optionSet{} }

func (r reader) atOption() bool {
	return r.PeekType(pongo2.TokenIdentifier) != nil && r.PeekN(1, pongo2.TokenSymbol, "=") != nil
}

// option reads name=expression, of which the template tag knows some.
func (r reader) option(set *optionSet, known ...option) *pongo2.Error {
	name := r.Current()
	o := option(slices.Index(optionNames[:], name.Val))
	switch {
	case !slices.Contains(known, o):
		return r.fail(name, fmt.Sprintf("unknown option %s=: %s", name.Val, r.hint(name.Val, known)))
	case set[o] != nil:
		return r.fail(name, fmt.Sprintf("the option %s= is given twice: write %s once", name.Val, optionForms[o]))
	}
	r.ConsumeN(2)
	if r.Remaining() == 0 || r.Peek(pongo2.TokenSymbol, ",") != nil {
		return r.fail(name, fmt.Sprintf("the option %s= has no value: write %s=expression, such as %s", name.Val, name.Val, optionForms[o]))
	}
	value, err := r.value(o)
	if err != nil {
		return err
	}
	if o == optIf || o == optUnless || o == optRefresh {
		value.roots = nil // as in {% if %}, a name that is not there is false
	}
	set[o] = value
	return r.checkLiteral(o, value)
}

// checkLiteral reports at once what would be wrong in each execution.
func (r reader) checkLiteral(o option, value *operand) *pongo2.Error {
	at := value.literal()
	if at == nil {
		return nil
	}
	text, _ := value.literalString()
	switch o {
	case optUsing:
		if text == "" {
			return r.fail(at, "using="+value.text+" is no name of a cache: write "+optionForms[o])
		}
	case optTags:
		if _, err := tagList(value.label, text); err != nil {
			return r.fail(at, err.Error())
		}
	}
	return nil
}

// value reads the expression of an option. That of stale= may be a duration or a
// word as the TTL is, which are names to pongo2.
func (r reader) value(o option) (*operand, *pongo2.Error) {
	t := r.Current()
	if o != optStale || t.Typ != pongo2.TokenIdentifier || !isWordOfTTL(t.Val) {
		return r.operand(optionNames[o] + "=")
	}
	r.Consume()
	if next := r.Current(); next != nil && goesOn(next) {
		return nil, r.fail(next, fmt.Sprintf("stale=%s is one word, and %q follows it: write a duration such as %s, or an expression in parentheses", t.Val, next.Val, optionForms[o]))
	}
	return &operand{label: "stale=", text: t.Val, tokens: []*pongo2.Token{t}, word: t.Val}, nil
}

// hint is what to write in place of an option that does not exist.
func (r reader) hint(name string, known []option) string {
	switch name {
	case "ttl", "timeout", "expire", "expires":
		return "the TTL is the first argument: write " + r.usage
	case "key", "name", "vary":
		return "NAME and VARY stand behind the TTL without a word before them: write " + r.usage
	case "tag":
		name = "tags"
	case "cache":
		name = "using"
	}
	if o := option(slices.Index(optionNames[:], name)); slices.Contains(known, o) {
		return "write " + optionForms[o]
	}
	return "there are " + optionList(known)
}

func optionList(known []option) string {
	forms := make([]string, len(known))
	for i, o := range known {
		forms[i] = optionNames[o] + "="
	}
	return strings.Join(forms, ", ") + ", such as " + optionForms[known[0]]
}
