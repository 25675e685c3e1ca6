package tags

import (
	"fmt"

	"github.com/flosch/pongo2/v6"
)

const usage = `{% cache TTL [NAME [VARY …]] [option=expression …] %}, such as {% cache 300 "sidebar" user.ID tags="users" %}`

// cacheOptions are those of {% cache %}: all.
var cacheOptions = []option{optUsing, optTags, optStale, optJitter, optEarly, optVersion, optIf, optUnless, optRefresh, optDigest}

// arguments are what stands in an opening tag.
type arguments struct {
	ttl    ttlArgument
	name   *operand // nil: the block belongs to its template and text
	vary   []*operand
	option optionSet
}

// reader reads the arguments of one opening tag.
type reader struct {
	*pongo2.Parser
	start *pongo2.Token // the name of the template tag
	usage string        // the right form of it
}

// read reads those of {% cache %}.
func (r reader) read() (a arguments, err *pongo2.Error) {
	if a.ttl, err = r.ttl(); err != nil {
		return a, err
	}
	return a, r.rest(&a, cacheOptions...)
}

// rest reads NAME, VARY and options, of which the template tag knows some.
func (r reader) rest(a *arguments, known ...option) (err *pongo2.Error) {
	for first := true; r.Remaining() > 0; first = false {
		if comma := r.Match(pongo2.TokenSymbol, ","); comma != nil && r.Remaining() == 0 {
			return r.fail(comma, "nothing follows the last comma: write "+r.usage)
		}
		if r.atOption() {
			err = r.option(&a.option, known...)
		} else {
			err = r.positional(a, first)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// positional reads NAME, which comes first, or a VARY.
func (r reader) positional(a *arguments, first bool) *pongo2.Error {
	if !a.option.isEmpty() {
		return r.fail(r.Current(), "NAME and VARY stand before the options: write "+r.usage)
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
		return r.fail(literal, fmt.Sprintf("NAME is a string and stands before VARY, but here it is %s: write %s", o.text, r.usage))
	case literal.Val == "":
		return r.fail(literal, "NAME is empty: write "+r.usage)
	}
	return nil
}

// sender is how pongo2 names where an error comes from.
func (r reader) sender() string { return "tag:" + r.start.Val }

// fail returns an error at a token.
func (r reader) fail(at *pongo2.Token, message string) *pongo2.Error {
	err := r.Error(message, at)
	err.Sender = r.sender()
	return err
}
