package templates

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// A Template is ready to be rendered, by any number of goroutines at once.
type Template struct {
	set    *Set
	name   string
	text   []byte // of a template from a string
	pongo2 *pongo2.Template
	made   *generation // of these sources

	collected bool             // guarded by set.mu, as what follows
	blocks    []*tags.BlockTag // that stand in its text; once collected they stay

	// pieces is set once the template was seen to write in small pieces.
	pieces atomic.Bool
}

// Render executes the template, as Set.Render does.
func (t *Template) Render(ctx context.Context, w io.Writer, data any) error {
	if t.set.reloads {
		// Its own source is never old.
		return t.renderWatched(ctx, w, data, t.set.loader.now.Load())
	}
	return t.render(ctx, w, data)
}

func (t *Template) render(ctx context.Context, w io.Writer, data any) error {
	s := spaces.Get().(*workspace)
	defer s.free()
	if err := s.fill(data); err != nil {
		return fmt.Errorf("templates: render %q: %w", t.name, err)
	}
	if t.set.outline {
		return t.renderOutlined(ctx, w, s)
	}
	t.set.binding.AttachWith(ctx, s.data, t.made)
	if t.pieces.Load() {
		if err := t.pongo2.ExecuteWriter(s.data, w); err != nil {
			return t.failed(err)
		}
		return nil
	}
	if err := t.pongo2.ExecuteWriterUnbuffered(s.data, &s.out); err != nil {
		return t.failed(err)
	}
	if s.out.writes*smallPiece > s.out.Len() {
		t.pieces.Store(true)
	}
	_, err := s.out.WriteTo(w)
	return err
}

// failed returns what a failed rendering returns. A file that {% include name %}
// could not parse is to be read again, as any other that could not be parsed.
func (t *Template) failed(err error) error {
	told := t.made.failed(t.name, t.text, err)
	var inner *pongo2.Error
	if errors.As(err, &inner) && (inner.Sender == "lexer" || inner.Sender == "parser") && !t.set.reloads {
		t.made.drop(inner.Filename)
	}
	return told
}

// smallPiece is the average size of a write in bytes under which pongo2's own
// buffer, new for each rendering, is cheaper than a pooled one: into that one
// pongo2 copies each piece on its way. What a cached block writes is one piece.
const smallPiece = 200

// A workspace is what one rendering needs: pongo2 copies data and keeps
// neither.
type workspace struct {
	data pongo2.Context
	out  output
}

// output is a buffer that counts how often it was written to.
type output struct {
	bytes.Buffer
	writes int
}

func (o *output) Write(p []byte) (int, error) {
	o.writes++
	return o.Buffer.Write(p)
}

var spaces = sync.Pool{New: func() any { return &workspace{data: make(pongo2.Context)} }}

// Workspaces above these sizes are left to the garbage collector.
const (
	maxPooledBytes = 1 << 20
	maxPooledNames = 1 << 10
)

func (s *workspace) free() {
	if s.out.Cap() > maxPooledBytes || len(s.data) > maxPooledNames {
		return
	}
	clear(s.data)
	s.out.Reset()
	s.out.writes = 0
	spaces.Put(s)
}

var mapType = reflect.TypeFor[map[string]any]()

// fill copies data, so that nothing is written into what belongs to the caller.
func (s *workspace) fill(data any) error {
	switch data := data.(type) {
	case nil:
	case map[string]any:
		maps.Copy(s.data, data)
	case pongo2.Context:
		maps.Copy(s.data, data)
	default:
		v := reflect.ValueOf(data)
		if v.Kind() != reflect.Map || !v.CanConvert(mapType) {
			return fmt.Errorf("data is a %T: pass nil, a map[string]any or a pongo2.Context, such as map[string]any{\"data\": value}", data)
		}
		maps.Copy(s.data, v.Convert(mapType).Interface().(map[string]any))
	}
	return nil
}
