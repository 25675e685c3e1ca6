package echoext

import (
	"slices"
	"strings"
)

// queryRule says which parameters of a query count.
type queryRule struct {
	only   *patterns // if not nil, these alone
	ignore patterns
}

func newQueryRule(config PageConfig) (rule queryRule, err error) {
	rule.ignore, err = newPatterns("IgnoreQuery", orDefault(config.IgnoreQuery, TrackingParameters))
	if err != nil || config.OnlyQuery == nil {
		return rule, err
	}
	only, err := newPatterns("OnlyQuery", config.OnlyQuery)
	rule.only = &only
	return rule, err
}

func (rule *queryRule) counts(name string) bool {
	if rule.only != nil && !rule.only.match(name) {
		return false
	}
	return !rule.ignore.match(name)
}

// manyParameters is up to how many a query is normalised without an allocation
// but that of the result.
const manyParameters = 32

// normalise returns the query with the parameters that count, sorted by name.
// Those of one name keep their order, and all keep their spelling: percent
// signs are not decoded, so that no two queries become one by decoding. It is
// the query itself where that is normal already.
func (rule *queryRule) normalise(query string) string {
	if query == "" {
		return ""
	}
	var room [manyParameters]string
	pairs, normal := room[:0], true
	for rest := query; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" || !rule.counts(nameOf(pair)) {
			normal = false
			continue
		}
		if n := len(pairs); n > 0 && nameOf(pairs[n-1]) > nameOf(pair) {
			normal = false
		}
		pairs = append(pairs, pair)
	}
	if normal && !strings.HasSuffix(query, "&") {
		return query
	}
	slices.SortStableFunc(pairs, func(a, b string) int { return strings.Compare(nameOf(a), nameOf(b)) })
	return strings.Join(pairs, "&")
}

func nameOf(pair string) string {
	if i := strings.IndexByte(pair, '='); i >= 0 {
		return pair[:i]
	}
	return pair
}
