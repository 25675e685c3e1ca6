package echoext

import (
	"fmt"
	"strings"
)

// patterns are names, some of which stand for all that begin with them.
type patterns struct {
	all      bool
	names    map[string]bool
	prefixes map[byte][]string // by their first byte
}

func newPatterns(field string, list []string) (patterns, error) {
	p := patterns{names: make(map[string]bool), prefixes: make(map[byte][]string)}
	for _, one := range list {
		prefix, open := strings.CutSuffix(one, "*")
		switch {
		case strings.Contains(prefix, "*") || one == "":
			return patterns{}, fmt.Errorf("echoext: PageConfig.%s has %q: want a name, or the beginning of names followed by one *", field, one)
		case !open:
			p.names[one] = true
		case prefix == "":
			p.all = true
		default:
			p.prefixes[prefix[0]] = append(p.prefixes[prefix[0]], prefix)
		}
	}
	return p, nil
}

func (p *patterns) match(name string) bool {
	if p.all || p.names[name] {
		return true
	}
	if name == "" {
		return false
	}
	for _, prefix := range p.prefixes[name[0]] {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// TrackingParameters returns the query parameters that are ignored by default:
// those by which mail and advertisements mark their links.
func TrackingParameters() []string {
	return []string{
		"utm_*", "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "yclid",
		"igshid", "li_fat_id", "mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "srsltid", "vero_id",
	}
}

// AnalyticsCookies returns the cookies that are harmless by default: those that
// scripts of analytics services set for themselves.
func AnalyticsCookies() []string {
	return []string{
		"_ga", "_ga_*", "_gid", "_gat", "_gat_*", "_gac_*", "_gcl_*", "__utma", "__utmb", "__utmc", "__utmt", "__utmz",
		"_fbp", "_fbc", "_pk_*", "_hj*", "_clck", "_clsk", "_uetsid", "_uetvid", "__hstc", "__hssc", "__hssrc", "hubspotutk",
	}
}
