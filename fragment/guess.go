package fragment

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// A guess is what the entry of a key was like when it was last read or written
// here. It is no more than a guess: tags that are missing in it cost one more
// trip.
type guess struct {
	key   string
	stamp string   // where the stamp of the key is
	slots []slotNo // of its tags
}

// guessWays is how many keys have a place in common: so many of the keys of a page
// have to fall on one, before one of them is forgotten.
const guessWays = 8

// guessesNear returns the places that key may be at.
func (s *shared) guessesNear(key string) []atomic.Pointer[guess] {
	at := maphash.String(s.seed, key) % uint64(len(s.guesses)/guessWays) * guessWays
	return s.guesses[at : at+guessWays]
}

func (s *shared) guessOf(key string) *guess {
	near := s.guessesNear(key)
	for i := range near {
		if g := near[i].Load(); g != nil && g.key == key {
			return g
		}
	}
	return nil
}

func (s *shared) guess(key string) []slotNo {
	if g := s.guessOf(key); g != nil {
		return g.slots
	}
	return nil
}

// maxGuess is how many tags of an entry are remembered.
const maxGuess = 64

func (s *shared) remember(key string, slots []slotNo) {
	slots = slots[:min(len(slots), maxGuess)]
	if g := s.guessOf(key); g != nil && slices.Equal(g.slots, slots) {
		return
	}
	near := s.guessesNear(key)
	at := rand.IntN(guessWays)
	for i := range near {
		if g := near[i].Load(); g == nil || g.key == key {
			at = i
			break
		}
	}
	near[at].Store(&guess{key, s.keyOfKey(key), slots})
}
