package templates

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// An Error says where in which template something is wrong. Set.Render, Check
// and all others that parse or execute a template return one, in place of the
// error of pongo2 or of a file system. It unwraps to these.
type Error struct {
	Template string // the name that was asked for
	Path     string // the template that is wrong: that one, or one it is made of
	Line     int    // from 1 on; 0 if the place is not known
	Column   int    // from 1 on, in bytes
	Near     string // what stands there, up to the end of the line or 40 bytes
	Source   string // the whole line, as it was written

	message string
	err     *pongo2.Error
}

// Error returns the place as editors and terminals know it, PATH:LINE:COLUMN,
// what stands there, and what is wrong.
func (e *Error) Error() string {
	return fmt.Sprintf("templates: render %q: %s%s", e.Template, e.where(), e.message)
}

func (e *Error) where() string {
	switch {
	case e.Line > 0 && e.Near != "":
		return fmt.Sprintf("%s:%d:%d: near %q: ", e.Path, e.Line, e.Column, e.Near)
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: ", e.Path, e.Line, e.Column)
	case e.Path != e.Template:
		return e.Path + ": "
	}
	return ""
}

// Unwrap returns the *pongo2.Error and what caused that, such as fs.ErrNotExist.
func (e *Error) Unwrap() []error { return []error{e.err, e.err.OrigError} }

// A misplaced error knows its place by itself: pongo2 has none for it.
type misplaced struct {
	path         string
	line, column int
	message      string
}

func (m *misplaced) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.path, m.line, m.column, m.message)
}

// failed returns err as an Error, for the template that was asked for; text is
// the source of one that is not in the file system. What is not from pongo2, nil
// or the error of a writer, stays as it is.
func (g *generation) failed(name string, text []byte, err error) error {
	var inner *pongo2.Error
	if !errors.As(err, &inner) {
		return err
	}
	e := &Error{Template: name, Path: inner.Filename, Line: inner.Line, Column: inner.Column, err: inner, message: messageOf(inner)}
	if inner.Token != nil {
		e.Path = inner.Token.Filename
	}
	if e.Path == "" {
		e.Path = name
	}
	var m *misplaced
	switch {
	case errors.As(inner.OrigError, &m):
		e.Path, e.Line, e.Column, e.message = m.path, m.line, m.column, m.message
	case inner.Sender == "fromfile" && inner.Token == nil:
		e.Path = name
		g.locate(e, text, inner.Filename)
	}
	e.message = g.placed(e.message, e.Path, text)
	e.quote(g.textOf(e.Path, text))
	return e
}

// quote sets what stands at the place of the error.
func (e *Error) quote(source []byte) {
	lines := bytes.Split(source, []byte("\n"))
	if e.Line < 1 || e.Line > len(lines) {
		return
	}
	line := strings.TrimRight(string(lines[e.Line-1]), "\r")
	e.Source = line
	if e.Column < 1 || e.Column > len(line) {
		return
	}
	const enough = 40
	e.Near = line[e.Column-1:]
	if len(e.Near) > enough {
		e.Near = strings.ToValidUTF8(e.Near[:enough], "")
	}
}

func (g *generation) textOf(path string, text []byte) []byte {
	if path == stringName {
		return text
	}
	if s := g.known(path); s != nil {
		return s.raw
	}
	return nil
}

// messageOf returns what is wrong without where it is.
func messageOf(e *pongo2.Error) string {
	switch text := e.OrigError.Error(); e.Sender {
	case "fromfile":
		return fmt.Sprintf("cannot load %q: %s", e.Filename, text)
	case "checkForValidIdentifiers":
		// The text of pongo2 tells the value, too.
		text, _, _ = strings.Cut(text, " (value:")
		return text + " is no name of a variable: want letters, digits and _"
	default:
		return text
	}
}

// locate sets the place where a template is named that could not be loaded:
// the first one in the templates of which that of e is made.
func (g *generation) locate(e *Error, text []byte, missing string) {
	l := locator{in: g, missing: missing, seen: make(map[string]bool)}
	raw, tags := text, []tagAt(nil)
	if e.Path == stringName {
		_, tags = scan(text)
	} else if s := g.known(e.Path); s != nil {
		raw, tags = s.raw, s.tags
	}
	l.search(e.Path, raw, tags)
	found := l.found
	if found == nil && len(l.dynamic) == 1 {
		found = &l.dynamic[0]
	}
	if found != nil {
		e.Path, e.Line, e.Column = found.path, found.line, found.column
	}
}

// A locator looks for the template tag that names a missing template.
type locator struct {
	in      *generation
	missing string
	seen    map[string]bool
	found   *misplaced
	dynamic []misplaced // tags that may have named it
}

func (l *locator) search(name string, raw []byte, tags []tagAt) {
	l.seen[name] = true
	for _, t := range tags {
		if l.found != nil {
			return
		}
		if t.names() {
			l.look(name, raw, t)
		}
	}
}

func (l *locator) look(name string, raw []byte, t tagAt) {
	line, column := place(raw, t.at)
	at := misplaced{path: name, line: line, column: column}
	target, static := t.target()
	if !static {
		l.dynamic = append(l.dynamic, at)
		return
	}
	target = abs(name, target)
	if target == l.missing {
		l.found = &at
		return
	}
	if s := l.in.known(target); s != nil && !l.seen[target] {
		l.search(target, s.raw, s.tags)
	}
}
