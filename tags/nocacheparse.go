package tags

import (
	"sync"

	"github.com/flosch/pongo2/v6"
)

// parsing holds the {% nocache %} of the cached bodies that are being parsed: pongo2
// does not tell a template tag of those inside of its body. One template is parsed by
// one goroutine, but several templates at once.
var parsing = nocaches{of: make(map[*pongo2.Parser]*found)}

type nocaches struct {
	mu sync.Mutex
	of map[*pongo2.Parser]*found // guarded by mu; of what is in a cached body alone
}

type found struct {
	depth int // how many cached bodies are open
	tags  []*nocacheTag
}

// begin opens a cached body of doc. End returns what stands in it.
func (n *nocaches) begin(doc *pongo2.Parser) (end func() []*nocacheTag) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.of[doc]
	if f == nil {
		f = new(found)
		n.of[doc] = f
	}
	f.depth++
	from := len(f.tags)
	return func() []*nocacheTag {
		n.mu.Lock()
		defer n.mu.Unlock()
		if f.depth--; f.depth == 0 {
			delete(n.of, doc)
		}
		return f.tags[from:len(f.tags):len(f.tags)]
	}
}

func (n *nocaches) add(doc *pongo2.Parser, t *nocacheTag) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f := n.of[doc]; f != nil {
		f.tags = append(f.tags, t)
	}
}
