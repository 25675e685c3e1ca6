package fragment

import (
	"hash/maphash"
	"slices"
	"time"
)

// A guess is what the entry of a key was like when it was last read or written
// here. It is no more than a guess: tags that are missing in it cost one more
// trip, and a life that is too short costs a miss.
type guess struct {
	key   string
	slots []slotNo      // of its tags
	life  time.Duration // from then on
}

func (s *shared) guessOf(key string) *guess {
	g := s.guesses[maphash.String(s.seed, key)%uint64(len(s.guesses))].Load()
	if g == nil || g.key != key {
		return nil
	}
	return g
}

func (s *shared) guess(key string) []slotNo {
	if g := s.guessOf(key); g != nil {
		return g.slots
	}
	return nil
}

// maxGuess is how many tags of an entry are remembered.
const maxGuess = 64

func (s *shared) remember(key string, slots []slotNo, e *entry) {
	slots, life := slots[:min(len(slots), maxGuess)], until(e.dead, e.created)
	if g := s.guessOf(key); g != nil && slices.Equal(g.slots, slots) && life <= g.life {
		return
	}
	s.guesses[maphash.String(s.seed, key)%uint64(len(s.guesses))].Store(&guess{key, slots, life})
}

// lifeOf is how long the entry of key is going to live, as far as that is known
// before its fill.
func (s *shared) lifeOf(key string, p *Policy) time.Duration {
	life := later(int64(p.TTL), max(p.Stale, 0))
	if g := s.guessOf(key); g != nil {
		return max(time.Duration(life), g.life)
	}
	return time.Duration(life)
}
