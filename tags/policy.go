package tags

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// policyOptions are the options whose value goes into the policy as it is.
var policyOptions = []option{optStale, optJitter, optEarly}

// preparePolicy puts what does not depend on the context into the policy of the
// block: once, instead of for each execution.
func (t *cacheTag) preparePolicy(r reader) *pongo2.Error {
	for _, o := range policyOptions {
		value := t.option[o]
		if value == nil {
			continue
		}
		v, ok := value.constant()
		if !ok {
			t.computed = append(t.computed, o)
			continue
		}
		if err := setField(&t.policy, o, v); err != nil {
			return r.fail(value.tokens[0], err.Error())
		}
	}
	return nil
}

// setPolicy completes p by the options that depend on the context.
func (r *run) setPolicy(p *fragment.Policy) *pongo2.Error {
	for _, o := range r.tag.computed {
		v, err := r.evaluate(r.tag.option[o])
		if err != nil {
			return err
		}
		if err := setField(p, o, unwrap(v.Interface())); err != nil {
			return r.failAt(r.at, err)
		}
	}
	return nil
}

// refreshes evaluates refresh=.
func (r *run) refreshes() (bool, *pongo2.Error) {
	o := r.tag.option[optRefresh]
	if o == nil {
		return false, nil
	}
	v, err := r.evaluate(o)
	return err == nil && v.IsTrue(), err
}

// setField sets one field of a policy. In a template zero is none, as it reads; in a
// Policy that is negative, and zero the default of the cache.
func setField(p *fragment.Policy, o option, v any) (err error) {
	switch o {
	case optStale:
		p.Stale, err = staleOf(v)
	case optJitter:
		if p.Jitter, err = numberOf(v); err != nil || p.Jitter > 1 {
			err = fmt.Errorf("jitter= is %s: want a fraction from 0 to 1, such as %s; 0 is none", show(v), optionForms[o])
		}
	case optEarly:
		if p.Early, err = numberOf(v); err != nil {
			err = fmt.Errorf("early= is %s: want a number that is not below 0, such as %s; 0 is none", show(v), optionForms[o])
		}
	}
	return err
}

// staleOf reads stale=, which is spelled as a TTL is.
func staleOf(v any) (time.Duration, error) {
	if n, err := numberOf(v); err == nil && n < 0 {
		return -1, nil
	}
	life, err := lifetimeOfValue(v)
	if err != nil || life.del {
		return 0, fmt.Errorf("stale= is %s: want a number of seconds, a time.Duration or one of 300, 1.5, 5m, 1h30m, 7d, \"1.5h\", default or forever; 0 serves nothing stale", show(v))
	}
	return life.ttl, nil
}

// numberOf returns a number that is not below zero, and -1 for zero.
func numberOf(v any) (n float64, err error) {
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		n = float64(r.Int())
	case r.CanUint():
		n = float64(r.Uint())
	case r.CanFloat():
		n = r.Float()
	case r.Kind() == reflect.Pointer && !r.IsNil():
		return numberOf(r.Elem().Interface())
	default:
		return 0, errNoNumber
	}
	switch {
	case n == 0:
		return -1, nil
	case n > 0 && !math.IsInf(n, 1):
		return n, nil
	}
	return 0, errNoNumber
}

var errNoNumber = errors.New("tags: want a number that is not below zero")

// show says what a value is; a string is quoted and a number is printed.
func show(v any) string {
	if r := reflect.ValueOf(v); r.CanInt() || r.CanUint() || r.CanFloat() {
		return fmt.Sprint(v)
	}
	return describe(v)
}

// constant returns the value of an operand that is a literal, also of -1 and 0.5,
// or a word in place of an expression.
func (o *operand) constant() (v any, ok bool) {
	if o.word != "" {
		return o.word, true
	}
	if s, ok := o.literalString(); ok {
		return s, true
	}
	text := ""
	for i, t := range o.tokens {
		switch sign := t.Typ == pongo2.TokenSymbol; {
		case t.Typ == pongo2.TokenNumber, sign && t.Val == ".", sign && t.Val == "-" && i == 0:
			text += t.Val
		default:
			return nil, false
		}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n, true // as pongo2 reads it
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
