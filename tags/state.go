package tags

import (
	"fmt"

	"github.com/flosch/pongo2/v6"
)

// pongo2 keeps how far a {% cycle %} or {% ifchanged %} got in the template. A
// body whose loop is around it would move that on with a miss and not with a hit:
//
//	{% for row in rows %}{% cache 60 "row" row.ID %}{% cycle "odd" "even" %}…
//
// and a row that is rendered anew alone would get any class. Inside of a loop of
// the body itself nothing of it reaches beyond the entry.

// checkState refuses a body that would do so.
func (r reader) checkState(doc *pongo2.Parser, from, to int) (err *pongo2.Error) {
	loops := 0
	eachTag(doc, from, to, func(t *pongo2.Token, _ int) bool {
		switch t.Val {
		case "for", "macro":
			loops++
		case "endfor", "endmacro":
			loops--
		case "cycle", "ifchanged":
			if loops == 0 {
				err = r.fail(t, fmt.Sprintf("{%% %s %%} inside of {%% %s %%} would count on a miss and not on a hit: put the whole {%% for %%} inside of the block, or use forloop.Counter0", t.Val, r.start.Val))
			}
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	return r.checkCycles(doc, from, to)
}

// checkCycles refuses {% cycle x %} in a body where x is {% cycle … as x %}
// outside of it.
func (r reader) checkCycles(doc *pongo2.Parser, from, to int) (err *pongo2.Error) {
	outside := make(map[string]bool)
	eachCycle(doc, 0, from, func(_ *pongo2.Token, args []*pongo2.Token) {
		for i := 1; i+1 < len(args); i++ {
			if args[i].Val == "as" {
				outside[args[i+1].Val] = true
			}
		}
	})
	eachCycle(doc, from, to, func(t *pongo2.Token, args []*pongo2.Token) {
		if len(args) == 1 && args[0].Typ == pongo2.TokenIdentifier && outside[args[0].Val] && err == nil {
			err = r.fail(t, fmt.Sprintf("{%% cycle %s %%} inside of {%% %s %%} would move on a cycle outside of it, on a miss and not on a hit: begin that cycle inside of the block", args[0].Val, r.start.Val))
		}
	})
	return err
}

// eachCycle calls f with each {% cycle %} and its arguments.
func eachCycle(doc *pongo2.Parser, from, to int, f func(name *pongo2.Token, args []*pongo2.Token)) {
	eachTag(doc, from, to, func(name *pongo2.Token, at int) bool {
		if name.Val != "cycle" {
			return true
		}
		var args []*pongo2.Token
		for i := at + 1; i < to && !isEnd(doc.Get(i)); i++ {
			args = append(args, doc.Get(i))
		}
		f(name, args)
		return true
	})
}

func isEnd(t *pongo2.Token) bool { return t.Typ == pongo2.TokenSymbol && t.Val == "%}" }
