package tags

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// An operand is one argument of a template tag.
type operand struct {
	label string // what it is, for messages: "NAME", "VARY 2", "tags="
	text  string // as it was written
	expr  pongo2.IEvaluator
	word  string // of stale=, in place of expr

	tokens []*pongo2.Token // at least one
	roots  []*pongo2.Token // the names that have to be in the context
}

// operand reads one expression.
func (r reader) operand(label string) (*operand, *pongo2.Error) {
	from := r.Count() - r.Remaining()
	expr, err := r.ParseExpression()
	if err != nil {
		err.Sender = r.sender()
		err.OrigError = fmt.Errorf("%s: %w Write %s", label, err.OrigError, r.usage)
		return nil, err
	}
	o := &operand{label: label, expr: expr}
	for i := from; i < r.Count()-r.Remaining(); i++ {
		o.tokens = append(o.tokens, r.Get(i))
	}
	o.text = textOf(o.tokens)
	o.roots = rootsOf(o.tokens)
	if at := ambiguous(o.tokens); at != nil {
		return nil, r.fail(at, fmt.Sprintf("%s reads as one argument: write a comma between two, and no space before %s (or one on each side) if it is one", o.text, at.Val))
	}
	return o, nil
}

// literal returns the token of an operand that is one literal, or nil.
func (o *operand) literal() *pongo2.Token {
	t := o.tokens[0]
	if len(o.tokens) > 1 || t.Typ == pongo2.TokenIdentifier {
		return nil
	}
	return t
}

// literalString returns the string that the operand is.
func (o *operand) literalString() (s string, ok bool) {
	if t := o.literal(); t != nil && t.Typ == pongo2.TokenString {
		return t.Val, true
	}
	return "", false
}

// missing returns the first name of the operand that is not in the context.
func (o *operand) missing(ec *pongo2.ExecutionContext) *pongo2.Token {
	for _, name := range o.roots {
		if _, ok := ec.Private[name.Val]; ok {
			continue
		}
		if _, ok := ec.Public[name.Val]; !ok {
			return name
		}
	}
	return nil
}

// rootsOf returns the names that an expression looks up in the context, or none
// if it has a default for what is not there.
func rootsOf(tokens []*pongo2.Token) (roots []*pongo2.Token) {
	before := ""
	for _, t := range tokens {
		name := t.Typ == pongo2.TokenIdentifier
		switch {
		case name && before == "|":
			if t.Val == "default" || t.Val == "default_if_none" {
				return nil
			}
		case name && before != "." && t.Val != "nil":
			roots = append(roots, t)
		}
		before = ""
		if t.Typ == pongo2.TokenSymbol {
			before = t.Val
		}
	}
	return roots
}

// ambiguous returns a token that joins what looks like two arguments: in
// "a (b)" and "a [b]", which are a call and an index, and in "a -1".
func ambiguous(tokens []*pongo2.Token) *pongo2.Token {
	for i := 1; i < len(tokens); i++ {
		before, t := tokens[i-1], tokens[i]
		if t.Typ != pongo2.TokenSymbol || !endsOperand(before) || t.Col == endOf(before) {
			continue
		}
		switch t.Val {
		case "(", "[":
			return t
		case "+", "-":
			if i+1 < len(tokens) && tokens[i+1].Col == t.Col+1 {
				return t
			}
		}
	}
	return nil
}

func endsOperand(t *pongo2.Token) bool {
	switch t.Typ {
	case pongo2.TokenSymbol:
		return t.Val == ")" || t.Val == "]"
	case pongo2.TokenString:
		return !strings.ContainsAny(t.Val, `"\`) // else its length in the source is unknown
	case pongo2.TokenIdentifier, pongo2.TokenNumber:
		return true
	}
	return false
}

// endOf returns the column behind a token.
func endOf(t *pongo2.Token) int {
	if t.Typ == pongo2.TokenString {
		return t.Col + len(t.Val) + 2
	}
	return t.Col + len(t.Val)
}

// textOf returns the source of tokens, with single spaces.
func textOf(tokens []*pongo2.Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && t.Col > endOf(tokens[i-1]) {
			b.WriteByte(' ')
		}
		if t.Typ == pongo2.TokenString {
			b.WriteString(strconv.Quote(t.Val))
			continue
		}
		b.WriteString(t.Val)
	}
	return b.String()
}
