package fragment

import (
	"hash/maphash"
	"slices"
)

// A guess is what the entry of a key was like when it was last read or written
// here. It is no more than a guess: tags that are missing in it cost one more
// trip.
type guess struct {
	key   string
	stamp string   // where the stamp of the key is
	slots []slotNo // of its tags
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

func (s *shared) remember(key string, slots []slotNo) {
	slots = slots[:min(len(slots), maxGuess)]
	if g := s.guessOf(key); g != nil && slices.Equal(g.slots, slots) {
		return
	}
	s.guesses[maphash.String(s.seed, key)%uint64(len(s.guesses))].Store(&guess{key, s.keyOfKey(key), slots})
}
