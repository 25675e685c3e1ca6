package templates

import "fmt"

// unfit returns where in the templates that name is made of something stands that
// pongo2 must not see, because it would not end to parse it, or that could never be
// rendered twice alike. All of them are looked
// at before the first one is parsed: an error in one that is taken in by {% include
// … if_exists %} passes there for a file that is not there; and where a template
// takes in itself so twice, pongo2 would try two to the power of any depth.
func (g *generation) unfit(name string) *misplaced {
	return g.unfitInside(name, make(map[string]bool))
}

// unfitInside is unfit for a template that the ones in around take in.
func (g *generation) unfitInside(name string, around map[string]bool) *misplaced {
	s, err := g.source(name)
	if err != nil || s.fit.Load() {
		return nil // that it is not there is told by who loads it
	}
	around[name] = true
	defer delete(around, name)
	m := g.unfitText(name, s.raw, s.tags, around)
	s.fit.Store(m == nil)
	return m
}

func (g *generation) unfitText(name string, raw []byte, tags []tagAt, around map[string]bool) *misplaced {
	commented := false
	var open nesting
	for _, t := range tags {
		switch {
		case t.stuck:
			return misplacedAt(name, raw, t, "endcomment takes no arguments: write {% endcomment %}")
		case t.word == "comment", t.word == "endcomment":
			commented = t.word == "comment"
		}
		target, static := t.target()
		if commented {
			continue
		}
		if open.step(t.word); !t.names() || !static {
			continue
		}
		target = abs(name, target)
		if around[target] {
			return misplacedAt(name, raw, t, endlessly(target))
		}
		if m := g.unfitInside(target, around); m != nil {
			return m
		}
		if t.word == "include" && open.isStored() && g.hasNocache(target, nil, make(map[string]bool)) {
			return misplacedAt(name, raw, t, fmt.Sprintf(holeInside, target))
		}
	}
	return nil
}

const holeInside = "%q has a {%% nocache %%}, which could not be found again on a hit of the cached body that it is included in: " +
	"write {%% hole \"name\" … %%} there, or put this {%% include %%} into a {%% nocache %%}"

func misplacedAt(name string, raw []byte, t tagAt, message string) *misplaced {
	line, column := place(raw, t.at)
	return &misplaced{name, line, column, message}
}

func endlessly(name string) string {
	return fmt.Sprintf("%q is included or extended without end: does it include or extend itself?", name)
}
