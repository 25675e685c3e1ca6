package tags

import (
	"fmt"
	"strconv"

	"github.com/flosch/pongo2/v6"
)

// A ttlArgument is a literal, or an expression.
type ttlArgument struct {
	literal lifetime
	expr    *operand // nil for a literal
}

// ttl reads the first argument. Where that begins with a literal it is that
// one literal: pongo2 would read 60 -1 as 59.
func (r reader) ttl() (ttlArgument, *pongo2.Error) {
	first := r.Current()
	if first == nil || r.atOption() {
		return ttlArgument{}, r.fail(r.start, "the TTL is missing: write "+r.usage)
	}
	l, literal, err := r.ttlLiteral(first)
	if err != nil {
		return ttlArgument{}, r.fail(first, err.Error())
	}
	if !literal {
		o, err := r.operand("TTL")
		return ttlArgument{expr: o}, err
	}
	if next := r.Current(); next != nil && goesOn(next) {
		return ttlArgument{}, r.fail(next, fmt.Sprintf("a literal TTL is one word, and %q follows it: write a comma between two arguments, and parentheses around a TTL that is computed, as in {%% cache (60 * n) %%}", next.Val))
	}
	return ttlArgument{literal: l}, nil
}

// ttlLiteral consumes a literal TTL; literal is false if there is none.
func (r reader) ttlLiteral(t *pongo2.Token) (l lifetime, literal bool, err error) {
	switch {
	case t.Typ == pongo2.TokenNumber:
		l, err = r.number(t)
		return l, true, err
	case t.Typ == pongo2.TokenString:
		r.Consume()
		if l, err = lifetimeOfText(t.Val); err != nil {
			err = r.swapped(t, err)
		}
		return l, true, err
	case t.Typ == pongo2.TokenIdentifier && isWordOfTTL(t.Val):
		r.Consume()
		l, err = lifetimeOfText(t.Val)
		return l, true, err
	case t.Typ == pongo2.TokenKeyword && (t.Val == "true" || t.Val == "false"):
		return l, true, fmt.Errorf("%s is no TTL: want one of %s; use if= to cache under a condition", t.Val, ttlForms)
	}
	return l, false, nil
}

// number reads 300 or 1.5, which pongo2's lexer takes apart at the point.
func (r reader) number(t *pongo2.Token) (lifetime, error) {
	r.Consume()
	text := t.Val
	if r.Match(pongo2.TokenSymbol, ".") != nil {
		part := r.Current()
		if part == nil || part.Typ != pongo2.TokenNumber {
			if part != nil && part.Typ == pongo2.TokenIdentifier {
				text += "." + part.Val
				return lifetime{}, fmt.Errorf("%s has to stand in quotes: write {%% cache \"%s\" … %%}", text, text)
			}
			return lifetime{}, fmt.Errorf("digits have to follow the point after %s", text)
		}
		r.Consume()
		text += "." + part.Val
	}
	// Digits and a point always parse; a number out of range is infinite.
	seconds, _ := strconv.ParseFloat(text, 64)
	return lifetimeOfSeconds(seconds)
}

// swapped explains a string in place of the TTL.
func (r reader) swapped(t *pongo2.Token, err error) error {
	next := r.Current()
	if next != nil && next.Typ == pongo2.TokenSymbol && next.Val == "," {
		next = r.GetR(1)
	}
	if next == nil || !looksLikeTTL(next) {
		return fmt.Errorf("%w; the TTL comes first: write {%% cache 300 %q … %%}", err, t.Val)
	}
	right := next.Val
	if next.Typ == pongo2.TokenString {
		right = strconv.Quote(right)
	}
	return fmt.Errorf("TTL and NAME are swapped: write {%% cache %s %q … %%}", right, t.Val)
}

func looksLikeTTL(t *pongo2.Token) bool {
	switch t.Typ {
	case pongo2.TokenNumber:
		return true
	case pongo2.TokenString, pongo2.TokenIdentifier:
		_, err := lifetimeOfText(t.Val)
		return err == nil
	}
	return false
}

// goesOn reports whether a token behind an operand would make it another one.
func goesOn(t *pongo2.Token) bool {
	switch t.Typ {
	case pongo2.TokenSymbol:
		return t.Val != "," && t.Val != "(" && t.Val != "!"
	case pongo2.TokenKeyword:
		return t.Val == "and" || t.Val == "or" || t.Val == "in"
	}
	return false
}
