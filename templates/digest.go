package templates

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"path"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// A digest sums up the sources that a block depends on beside its own body.
type digest struct {
	in      *generation
	hash    hash.Hash
	whole   map[string]bool // templates that are in it
	defined map[string]bool // templates whose definitions are in it
}

// Digest implements tags.Sources. It is asked once for each block that was
// parsed, not for each execution.
func (g *generation) Digest(file string, names []string) string {
	d := digest{in: g, hash: sha256.New(), whole: make(map[string]bool), defined: make(map[string]bool)}
	d.addDefinitions(file)
	for _, name := range names {
		d.addWhole(abs(file, name))
	}
	return string(d.hash.Sum(nil))
}

// Dynamic implements tags.Sources.
func (g *generation) Dynamic(at *pongo2.Token) {
	g.told.tell(at.Filename, at.Line, at.Col)
}

// addWhole adds a template that becomes part of the block: its source, and all
// that it takes in.
func (d *digest) addWhole(name string) {
	if d.whole[name] {
		return
	}
	d.whole[name] = true
	d.add(name)
	s, err := d.in.source(name)
	if err != nil {
		return // {% include … if_exists %}: its name alone tells that it is not there
	}
	d.add(string(s.raw))
	for _, t := range s.tags {
		d.follow(name, s, t)
	}
}

// follow adds the template that a tag takes in.
func (d *digest) follow(name string, s *source, t tagAt) {
	if !t.names() {
		return
	}
	target, static := t.target()
	if !static {
		line, column := place(s.raw, t.at)
		d.in.told.tell(name, line, column)
		return
	}
	d.addWhole(abs(name, target))
}

// addDefinitions adds what gives names to the blocks of a template that stand
// elsewhere in it: macros, imports, {% set %}, {% with %}, loops and conditions
// around these, and any template tag that is not known here. The text of the
// template is not among them, so that to edit it leaves its blocks alone. A
// template that it extends may do all that for it.
func (d *digest) addDefinitions(name string) {
	if d.defined[name] {
		return
	}
	d.defined[name] = true
	s, err := d.in.source(name)
	if err != nil {
		return
	}
	macro := -1
	for _, t := range s.tags {
		switch {
		case t.word == "macro" && macro < 0:
			macro = t.from
		case t.word == "endmacro" && macro >= 0:
			d.add(string(s.raw[macro:t.to]))
			macro = -1
		case macro >= 0:
			d.follow(name, s, t)
		case t.word == "extends":
			if target, static := t.target(); static {
				d.addDefinitions(abs(name, target))
			}
		case t.word == "import":
			d.add(string(s.raw[t.from:t.to]))
			d.follow(name, s, t)
		case !defineNothing[t.word]:
			d.add(string(s.raw[t.from:t.to]))
		}
	}
}

// defineNothing holds the template tags that only write: cycle and widthratio, which
// may name what they come to, are none, nor is cacheeach, which names its items.
var defineNothing = wordSet("block endblock include comment endcomment autoescape endautoescape ifchanged endifchanged " +
	"filter endfilter firstof lorem now spaceless endspaceless templatetag " +
	strings.ReplaceAll(ourWords, "cacheeach", ""))

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// add adds a text in a way that no other texts give.
func (d *digest) add(text string) {
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
	d.hash.Write(size[:])
	d.hash.Write([]byte(text))
}

// abs returns the name from the root of a name that stands in the template base.
// One that leaves the root stays one that begins with "..", which no file has.
func abs(base, name string) string {
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return path.Join(path.Dir(base), name)
	}
	return path.Clean(name)
}
