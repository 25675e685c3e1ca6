package flight

import "sync"

// A Node is one fill in the graph of who waits for whom. Fills nest: a Node
// knows the one that it runs inside of. The graph spans all Groups, because the
// fills of one cache may ask another.
type Node struct {
	parent  *Node
	release []func()      // what Release calls; set before the fill begins
	waits   map[*Node]int // whom this fill, or one inside it, waits for; guarded by graph
}

// graph guards the waits of all nodes. It is taken only by a fill that is about
// to wait for another.
var graph sync.Mutex

// NewNode returns the node of a fill that runs inside of another, or of none.
func NewNode(inside *Node) *Node { return &Node{parent: inside} }

// OnRelease adds something that Release does. It must be called before the fill
// begins, and f may be called more than once.
func (n *Node) OnRelease(f func()) { n.release = append(n.release, f) }

// Release lets the waiters of the node's flights go at once, without a result.
// It does nothing for a fill outside of any flight, or the second time.
func (n *Node) Release() {
	for _, f := range n.release {
		f()
	}
}

// mayWaitFor notes that the fill n, and so every fill around it, waits for
// other, and reports true; or false if other waits, directly or not, for one of
// them, which would leave all of them waiting. The test and the note are one
// step: of two that are about to wait for each other, the second sees the first.
func (n *Node) mayWaitFor(other *Node) bool {
	if n == nil {
		return true // nobody can be waiting for a caller outside of any fill
	}
	graph.Lock()
	defer graph.Unlock()
	if other.leadsTo(n, make(map[*Node]bool)) {
		return false
	}
	for around := n; around != nil; around = around.parent {
		if around.waits == nil {
			around.waits = make(map[*Node]int)
		}
		around.waits[other]++
	}
	return true
}

func (n *Node) endWaitFor(other *Node) {
	if n == nil {
		return
	}
	graph.Lock()
	defer graph.Unlock()
	for around := n; around != nil; around = around.parent {
		if around.waits[other]--; around.waits[other] == 0 {
			delete(around.waits, other)
		}
	}
}

// leadsTo reports whether n is, or waits for, inner or a fill around it.
func (n *Node) leadsTo(inner *Node, seen map[*Node]bool) bool {
	if seen[n] {
		return false
	}
	seen[n] = true
	for around := inner; around != nil; around = around.parent {
		if n == around {
			return true
		}
	}
	for next := range n.waits {
		if next.leadsTo(inner, seen) {
			return true
		}
	}
	return false
}
