package tags

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/flosch/pongo2/v6"
)

// An item is what a loop gives for one turn.
type item struct{ key, value *pongo2.Value }

// collect evaluates the list, in the context around the loop.
func (e *eachRun) collect() (err *pongo2.Error) {
	defer e.recovered(&err)
	l := &e.each.loop
	list, err := e.evaluate(l.list)
	if err != nil {
		return err
	}
	if l.sorted && list.IsString() { // on which pongo2 panics
		return e.failAt(e.evaluation.at, errors.New("LIST is a string, whose characters cannot be sorted: leave out sorted, or hand over a list"))
	}
	list.IterateOrder(func(_, count int, key, value *pongo2.Value) bool {
		if e.items == nil {
			e.items = make([]item, 0, count)
		}
		e.items = append(e.items, item{key, value})
		return true
	}, func() {}, l.reversed, l.sorted)
	return nil
}

// enter puts the names of one turn into the context of the loop.
func (l *loop) enter(ec *pongo2.ExecutionContext, it item) {
	ec.Private[l.key] = it.key
	if l.value == "" {
		return
	}
	if delete(ec.Private, l.value); it.value != nil {
		ec.Private[l.value] = it.value
	}
}

// pongo2 takes what is under the name forloop for its own type, which it does not
// export, and panics on any other. A loop of its own shows that type.
var forloopType = sync.OnceValue(func() (own reflect.Type) {
	tpl, err := pongo2.NewSet("forloop", pongo2.DefaultLoader).FromString("{% for x in list %}{{ show(forloop) }}{% endfor %}")
	if err != nil {
		panic(fmt.Sprintf("tags: pongo2 has no {%% for %%}: %v", err))
	}
	_, err = tpl.Execute(pongo2.Context{"list": []int{1}, "show": func(v *pongo2.Value) string {
		own = reflect.TypeOf(v.Interface()).Elem()
		return ""
	}})
	if err != nil {
		panic(fmt.Sprintf("tags: pongo2's {%% for %%} has no forloop: %v", err))
	}
	return own
})

// A forloop is what templates see under that name.
type forloop struct {
	value  any // a pointer to pongo2's type
	fields reflect.Value
	count  int
}

// newForloop returns that of a loop in a context.
func newForloop(ec *pongo2.ExecutionContext, count int) *forloop {
	own := reflect.New(forloopType())
	f := &forloop{value: own.Interface(), fields: own.Elem(), count: count}
	if around := ec.Private["forloop"]; reflect.TypeOf(around) == own.Type() {
		f.fields.FieldByName("Parentloop").Set(reflect.ValueOf(around))
	}
	return f
}

// turn sets it to the turn i.
func (f *forloop) turn(i int) {
	for name, n := range map[string]int{"Counter": i + 1, "Counter0": i, "Revcounter": f.count - i, "Revcounter0": f.count - i - 1} {
		f.fields.FieldByName(name).SetInt(int64(n))
	}
	f.fields.FieldByName("First").SetBool(i == 0)
	f.fields.FieldByName("Last").SetBool(i == f.count-1)
}
