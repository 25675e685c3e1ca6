package fragmenttest

import (
	"context"
	"strings"
)

// A watcher is who is told what others change.
type watcher struct {
	conn    *Conn
	prefix  string
	changed func(keys ...string)
}

// Watch tells changed what other connections change, from now on, before their
// calls return; and without keys, when this one is cut or hangs, which may lose
// such news. It is told by the goroutine that changes, which holds the server
// meanwhile: changed must not call it.
func (c *Conn) Watch(_ context.Context, prefix string, changed func(keys ...string)) error {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, watcher{c, prefix, changed})
	return nil
}

// tell tells all but by of keys that have changed. The caller holds mu.
func (s *Server) tell(by *Conn, keys ...string) {
	for _, w := range s.watchers {
		if w.conn == by || w.conn.closed || w.conn.way != free {
			continue
		}
		var theirs []string
		for _, key := range keys {
			if strings.HasPrefix(key, w.prefix) {
				theirs = append(theirs, key)
			}
		}
		if len(theirs) > 0 {
			w.changed(theirs...)
		}
	}
}

// lose tells the watcher on a connection, or all of them, that news may be lost.
// The caller holds mu.
func (s *Server) lose(conn *Conn) {
	for _, w := range s.watchers {
		if conn == nil || w.conn == conn {
			w.changed()
		}
	}
}

// Put stores a copy of raw under key, for ever: an entry from before that is
// damaged, or what another program left under our key.
func (s *Server) Put(key string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries.Put(key, raw)
	s.tell(nil, key)
}

// Evict drops the entries whose keys drop reports, as a full server does on its
// own, and returns how many those were.
func (s *Server) Evict(drop func(key string) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	n := s.entries.Evict(func(key string) bool {
		if !drop(key) {
			return false
		}
		keys = append(keys, key)
		return true
	})
	s.tell(nil, keys...)
	return n
}
