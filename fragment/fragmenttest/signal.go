package fragmenttest

// A signal wakes all who wait for the next change of something. Whoever uses it
// holds the mutex that guards that something.
type signal struct{ c chan struct{} }

// next returns a channel that is closed at the next change. It is made by who
// waits, so that in a synctest bubble it belongs to the bubble.
func (s *signal) next() <-chan struct{} {
	if s.c == nil {
		s.c = make(chan struct{})
	}
	return s.c
}

// fire wakes those who wait.
func (s *signal) fire() {
	if s.c != nil {
		close(s.c)
		s.c = nil
	}
}
