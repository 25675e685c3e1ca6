package fragmenttest

import "sync"

// A Server is a store outside of the process, such as Redis, that several
// processes share. Each of them has a connection of its own: several caches,
// each over what Connect returned to it, play several processes in one test.
//
// It drops an entry when its ttl has passed, by time.Now, which in a
// testing/synctest bubble is the time of the bubble. It answers at once unless
// it is told otherwise. The zero value is ready, and must not be copied once in
// use.
type Server struct {
	entries

	mu       sync.Mutex
	leases   map[string]lease // guarded by mu, as what follows
	trips    Trips
	watchers []watcher
	way      way // to the server itself; each connection has its own before it
	changed  signal
}

// A way is what becomes of the calls that go over it.
type way int

const (
	free   way = iota
	stuck      // no call arrives, and none is refused
	broken     // each call is refused
)

// NewServer returns a Server that holds nothing.
func NewServer() *Server { return new(Server) }

// Connect returns a new connection to the server, as another process would have.
func (s *Server) Connect() *Conn { return &Conn{server: s} }

// Flush drops everything, leases too, as another program's FLUSHDB does.
func (s *Server) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.leases)
	s.entries.Evict(func(string) bool { return true })
	s.lose(nil)
}

// Down stops the server: every call of every connection fails with
// ErrUnreachable, at once. What the server holds stays.
func (s *Server) Down() { s.turn(nil, broken) }

// Hang lets every call wait until its ctx ends, or until Up or Down is called.
func (s *Server) Hang() { s.turn(nil, stuck) }

// Up ends Down and Hang. Calls that hang go on.
func (s *Server) Up() { s.turn(nil, free) }

// turn changes the way of a connection, or without one that of the server.
func (s *Server) turn(conn *Conn, to way) {
	s.mu.Lock()
	defer s.mu.Unlock()
	way := &s.way
	if conn != nil {
		way = &conn.way
	}
	*way = to
	if to != free {
		s.lose(conn)
	}
	s.changed.fire()
}
