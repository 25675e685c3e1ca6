package templates

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
)

// places finds the places in a text that pongo2 makes of an error of a macro.
// That of a filter there has no file.
var places = regexp.MustCompile(`\[Error(?: \(where: [^)]*\))?(?: in ([^|\]]+?))? \| Line (\d+) Col (\d+)(?: near '(.*?)')?\] `)

// placed spells the places in a text as ours are, for a template of which e tells
// the path.
func (g *generation) placed(message, path string, text []byte) string {
	return places.ReplaceAllStringFunc(message, func(place string) string {
		m := places.FindStringSubmatch(place)
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		file := m[1]
		if file == "" {
			file = g.fileWith(path, text, line, column, m[4])
		}
		if file == "" {
			return fmt.Sprintf("line %d, column %d: ", line, column)
		}
		return fmt.Sprintf("%s:%d:%d: ", file, line, column)
	})
}

// fileWith returns the one of the templates that path is made of in which a word
// stands at that place; or "" if there are several.
func (g *generation) fileWith(path string, text []byte, line, column int, word string) string {
	var found []string
	seen := make(map[string]bool)
	var search func(name string, raw []byte, tags []tagAt)
	search = func(name string, raw []byte, tags []tagAt) {
		seen[name] = true
		if stands(raw, line, column, word) {
			found = append(found, name)
		}
		for _, t := range tags {
			target, static := t.target()
			if target = abs(name, target); !t.names() || !static || seen[target] {
				continue
			}
			if s := g.known(target); s != nil {
				search(target, s.raw, s.tags)
			}
		}
	}
	if path == stringName {
		_, tags := scan(text)
		search(path, text, tags)
	} else if s := g.known(path); s != nil {
		search(path, s.raw, s.tags)
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// stands reports whether a word stands at a place, from 1 on and in bytes.
func stands(raw []byte, line, column int, word string) bool {
	lines := bytes.Split(raw, []byte("\n"))
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1]) {
		return false
	}
	return bytes.HasPrefix(lines[line-1][column-1:], []byte(word))
}
