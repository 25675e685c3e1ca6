package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

// Check parses every template in files and returns what is wrong with them: one
// error for each template that cannot be parsed, joined, each with its path, line,
// column and text (see Error). What several templates include is told once. It
// is for a test of the program whose templates they are:
//
//	if err := templates.Check(os.DirFS("views"), templates.Options{}); err != nil {
//		t.Error(err)
//	}
//
// Nothing is rendered, so that a name missing from the data is not found, nor is
// a template that is included by a name that is computed.
func Check(files fs.FS, o Options) error {
	s, err := New(files, new(fragment.Registry), o)
	if err != nil {
		return err
	}
	return s.Check()
}

// Check is the function Check for the templates of a set, with what its Pongo2
// was told of template tags and filters.
func (s *Set) Check() error {
	var errs []error
	told := make(map[string]bool)
	files := s.loader.now.Load().files
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("templates: check %q: %w", name, err))
			return nil
		case d.IsDir() || !s.isTemplate(name):
			return nil
		}
		err = s.check(name)
		if key := placeOf(err); err != nil && !told[key] {
			told[key] = true
			errs = append(errs, err)
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// check parses one template, so that others are rendered in between.
func (s *Set) check(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.parse(name)
	return err
}

// placeOf tells two errors apart that are not the same one in a template that
// several include.
func placeOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s:%d:%d:%s", e.Path, e.Line, e.Column, e.message)
}

// endings are those of the files that Check takes for templates.
var endings = wordSet(".html .htm .xhtml .xml .txt .md .tpl .tmpl .pongo .pongo2 .django .j2 .jinja .jinja2 .twig")

func isTemplate(name string) bool { return endings[strings.ToLower(path.Ext(name))] }
