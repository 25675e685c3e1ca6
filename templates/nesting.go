package templates

import (
	"bytes"
	"maps"
	"slices"
)

// A nesting are the template tags that are open at a place in a template, as far as
// they tell whether what stands there is stored.
type nesting []string

// step goes past a tag.
func (n *nesting) step(word string) {
	last := len(*n) - 1
	switch word {
	case "cache", "cacheeach", "nocache", "for":
		*n = append(*n, word)
	case "empty":
		if last >= 0 && (*n)[last] == "cacheeach" {
			(*n)[last] = word // which is rendered each time
		}
	case "endcache", "endcacheeach", "endnocache", "endfor":
		*n = (*n)[:max(0, last)]
	}
}

// isStored reports whether what stands here is a part of what is stored: it is in a
// cached body, and in no {% nocache %} of that.
func (n nesting) isStored() bool {
	for _, word := range slices.Backward(n) {
		switch word {
		case "cache", "cacheeach":
			return true
		case "nocache":
			return false
		}
	}
	return false
}

// hasNocache reports whether a template has a {% nocache %}, or one that it is made of,
// outside of macros, which need not be called, and of the blocks that are replaced.
func (g *generation) hasNocache(name string, replaced, seen map[string]bool) bool {
	s, err := g.source(name)
	if err != nil || seen[name] {
		return false
	}
	seen[name] = true
	commented, unused := false, 0 // unused: how many are open in one that is not rendered
	for _, t := range s.tags {
		if t.word == "comment" || t.word == "endcomment" {
			commented = t.word == "comment"
		}
		target, static := t.target()
		switch {
		case commented:
		case t.word == "macro", t.word == "block" && (unused > 0 || replaced[t.blockName()]):
			unused++
		case t.word == "endmacro", t.word == "endblock":
			unused = max(0, unused-1)
		case unused > 0:
		case t.word == "nocache":
			return true
		case t.word == "include" && static && g.hasNocache(abs(name, target), nil, seen):
			return true
		case t.word == "extends" && static && g.hasNocache(abs(name, target), blocksOf(s.tags, replaced), seen):
			return true
		}
	}
	return false
}

// blocksOf adds to the blocks that are replaced those of some tags.
func blocksOf(tags []tagAt, replaced map[string]bool) map[string]bool {
	all := make(map[string]bool)
	maps.Copy(all, replaced)
	for _, t := range tags {
		if t.word == "block" {
			all[t.blockName()] = true
		}
	}
	return all
}

func (t tagAt) blockName() string { return string(bytes.TrimSpace(t.rest)) }
