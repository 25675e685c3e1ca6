package tags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flosch/pongo2/v6"
)

const usage = `{% cache TTL [NAME [VARY …]] [option=expression …] %}, such as {% cache 300 "sidebar" user.ID tags="users" %}`

// options are the names that may stand before "=".
var options = []string{"using", "tags", "if", "unless", "digest"}

// arguments are what stands in an opening tag.
type arguments struct {
	ttl    ttlArgument
	name   *operand // nil: the block belongs to its template and text
	vary   []*operand
	option map[string]*operand
}

// reader reads the arguments of one opening tag.
type reader struct {
	*pongo2.Parser
	start *pongo2.Token // the name of the template tag
}

// read reads them all.
func (r reader) read() (a arguments, err *pongo2.Error) {
	if a.ttl, err = r.ttl(); err != nil {
		return a, err
	}
	for first := true; r.Remaining() > 0; first = false {
		if comma := r.Match(pongo2.TokenSymbol, ","); comma != nil && r.Remaining() == 0 {
			return a, r.fail(comma, "nothing follows the last comma: write "+usage)
		}
		if r.atOption() {
			err = r.option(&a)
		} else {
			err = r.positional(&a, first)
		}
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// positional reads NAME, which comes first, or a VARY.
func (r reader) positional(a *arguments, first bool) *pongo2.Error {
	if len(a.option) > 0 {
		return r.fail(r.Current(), "NAME and VARY stand before the options: write "+usage)
	}
	label := "NAME"
	if !first {
		label = fmt.Sprintf("VARY %d", len(a.vary)+1)
	}
	o, err := r.operand(label)
	if err != nil {
		return err
	}
	if !first {
		a.vary = append(a.vary, o)
		return nil
	}
	a.name = o
	switch literal := o.literal(); {
	case literal == nil:
	case literal.Typ != pongo2.TokenString:
		return r.fail(literal, fmt.Sprintf("NAME comes second and is a string, but here it is %s: write {%% cache 300 \"sidebar\" %s %%}", o.text, o.text))
	case literal.Val == "":
		return r.fail(literal, "NAME is empty: leave it out, or write {% cache 300 \"sidebar\" %}")
	}
	return nil
}

func (r reader) atOption() bool {
	return r.PeekType(pongo2.TokenIdentifier) != nil && r.PeekN(1, pongo2.TokenSymbol, "=") != nil
}

// option reads name=expression.
func (r reader) option(a *arguments) *pongo2.Error {
	name := r.Current()
	if !slices.Contains(options, name.Val) {
		return r.fail(name, fmt.Sprintf("unknown option %s=: there are %s", name.Val, optionList()))
	}
	if a.option[name.Val] != nil {
		return r.fail(name, fmt.Sprintf("the option %s= is given twice: give each of %s once", name.Val, optionList()))
	}
	r.ConsumeN(2)
	if r.Remaining() == 0 {
		return r.fail(name, fmt.Sprintf("the option %s= has no value: write %s=expression", name.Val, name.Val))
	}
	o, err := r.operand(name.Val + "=")
	if err != nil {
		return err
	}
	if name.Val == "if" || name.Val == "unless" {
		o.roots = nil // as in {% if %}, a name that is not there is false
	}
	if a.option == nil {
		a.option = make(map[string]*operand)
	}
	a.option[name.Val] = o
	return nil
}

func optionList() string { return strings.Join(options, "=, ") + "=" }

// fail returns an error at a token.
func (r reader) fail(at *pongo2.Token, message string) *pongo2.Error {
	err := r.Error(message, at)
	err.Sender = sender
	return err
}
