package memo

import (
	"encoding/json"
	"reflect"
	"sync"
)

// JSON is the Codec that stores answers as encoding/json writes them, for
// backends that people or other programs read. It is slower than the default,
// and its bytes are more.
//
// It refuses what JSON would change or lose without a word, as the default
// does: fields that are hidden by a tag json:"-" or unexported, maps with keys
// that have no name; and does not store a string that is not UTF-8. What an
// interface holds comes back as JSON has it: numbers as float64, []byte and
// time.Time as strings. See the package's documentation.
type JSON[V any] struct{}

// Name returns "json".
func (JSON[V]) Name() string { return "json" }

// Check reports why answers of type V cannot be stored as JSON.
func (JSON[V]) Check() error {
	_, err := planJSON(reflect.TypeFor[V]())
	return err
}

// Marshal returns v as JSON, or why it would not come back as it is.
func (JSON[V]) Marshal(v V) ([]byte, error) {
	p, err := planJSON(reflect.TypeFor[V]())
	if err != nil {
		return nil, err
	}
	if err := p.watch(&v); err != nil {
		return nil, err
	}
	return json.Marshal(&v)
}

// Unmarshal reads raw into the zero value that v points to, unless that would
// take much more memory than raw does.
func (JSON[V]) Unmarshal(raw []byte, v *V) error {
	p, err := planJSON(reflect.TypeFor[V]())
	if err != nil {
		return err
	}
	if !p.isSmall(raw) {
		if err := weighJSON(raw, p.shape); err != nil {
			return err
		}
	}
	return json.Unmarshal(raw, v)
}

// A jsonPlan is what is known of one type.
type jsonPlan struct {
	surveyed
	err error
}

var jsonPlans sync.Map // reflect.Type → *jsonPlan

func planJSON(t reflect.Type) (*jsonPlan, error) {
	known, ok := jsonPlans.Load(t)
	if !ok {
		p := new(jsonPlan)
		p.surveyed, p.err = newSurvey(jsonFormat).all(t)
		known, _ = jsonPlans.LoadOrStore(t, p)
	}
	p := known.(*jsonPlan)
	return p, p.err
}
