package fragment

import "slices"

// The caller of each method here holds the mu of the scope.

// addTagsOf adds the tags of e, with one allocation for the text of all. They
// differ from each other: only what was there before is searched.
func (s *scope) addTagsOf(e *entry) {
	s.indexTags()
	before, text, rest := s.tags, "", e.tags
	for range e.ntags {
		tag, _, _, after, ok := nextTag(rest)
		if !ok {
			return
		}
		if !s.isAmong(before, tag) {
			if text == "" {
				text = string(e.tags)
				s.tags = slices.Grow(s.tags, e.ntags)
			}
			end := len(text) - len(after)
			s.appendTag(text[end-len(tag) : end])
		}
		rest = after
	}
}

func (s *scope) addTag(tag string) {
	s.indexTags()
	if s.known == nil && !slices.Contains(s.tags, tag) || s.known != nil && !s.known[tag] {
		s.appendTag(tag)
	}
}

// fewTags is up to how many a linear search is faster than a map.
const fewTags = 8

// indexTags makes the map of many tags, before a search.
func (s *scope) indexTags() {
	if s.known != nil || len(s.tags) <= fewTags {
		return
	}
	s.known = make(map[string]bool, 4*fewTags)
	for _, tag := range s.tags {
		s.known[tag] = true
	}
}

// isAmong reports whether tag is one of few, or of the many in the map.
func (s *scope) isAmong(few []string, tag []byte) bool {
	if s.known != nil {
		return s.known[string(tag)]
	}
	for _, one := range few {
		if one == string(tag) {
			return true
		}
	}
	return false
}

// appendTag adds a tag that is new.
func (s *scope) appendTag(tag string) {
	s.tags = append(s.tags, tag)
	if s.known != nil {
		s.known[tag] = true
	}
}
