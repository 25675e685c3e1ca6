package fragmenttest

import (
	"fmt"
	"strings"
)

// Trips are the round trips that a Server has answered, by kind, over all of its
// connections: a call that asks for many keys is one. Two of them may be
// compared by ==.
type Trips struct {
	Get, GetMany, Set, SetMany, Delete, Add, Swap, Touch, Lock, Unlock int

	// Failed are the calls that did not arrive: the connection was cut or
	// closed, the server was down, or ctx had ended.
	Failed int
}

// All returns the number of those that were answered.
func (t Trips) All() int {
	return t.Get + t.GetMany + t.Set + t.SetMany + t.Delete + t.Add + t.Swap + t.Touch + t.Lock + t.Unlock
}

// String lists the kinds that there were, as in "2 Get, 1 Set".
func (t Trips) String() string {
	var some []string
	for _, kind := range []struct {
		name  string
		count int
	}{
		{"Get", t.Get}, {"GetMany", t.GetMany}, {"Set", t.Set}, {"SetMany", t.SetMany}, {"Delete", t.Delete},
		{"Add", t.Add}, {"Swap", t.Swap}, {"Touch", t.Touch}, {"Lock", t.Lock}, {"Unlock", t.Unlock}, {"Failed", t.Failed},
	} {
		if kind.count > 0 {
			some = append(some, fmt.Sprint(kind.count, " ", kind.name))
		}
	}
	if len(some) == 0 {
		return "none"
	}
	return strings.Join(some, ", ")
}

// Trips returns the round trips since the server was made, or since the last
// ResetTrips.
func (s *Server) Trips() Trips {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trips
}

// ResetTrips begins to count anew.
func (s *Server) ResetTrips() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trips = Trips{}
}
