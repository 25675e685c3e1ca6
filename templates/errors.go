package templates

import (
	"errors"
	"fmt"

	"github.com/flosch/pongo2/v6"
)

// failure is an error of pongo2 that unwraps to its cause.
type failure struct {
	name string // of the template that was asked for
	err  *pongo2.Error
}

// failed returns err with the name of the template that was asked for. What is
// not from pongo2, nil or the error of a writer, stays as it is.
func failed(name string, err error) error {
	var inner *pongo2.Error
	if !errors.As(err, &inner) {
		return err
	}
	return &failure{name, inner}
}

func (f *failure) Unwrap() []error { return []error{f.err, f.err.OrigError} }

func (f *failure) Error() string {
	e := f.err
	switch {
	case e.Sender != "fromfile":
		return fmt.Sprintf("templates: render %q: %v", f.name, e)
	case e.Token != nil:
		return fmt.Sprintf("templates: render %q: in %s | Line %d Col %d: cannot load %q: %v", f.name, e.Token.Filename, e.Line, e.Column, e.Filename, e.OrigError)
	default:
		return fmt.Sprintf("templates: render %q: cannot load %q: %v", f.name, e.Filename, e.OrigError)
	}
}
