package fragmenttest

import (
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

// line is an event in the words of a log: its kind and name, the cache if that
// is not the default one, and the reason, tags and error after a colon.
func line(e fragment.Event) string {
	line := e.Kind.String()
	if e.Name != "" {
		line += " " + e.Name
	}
	if e.Cache != "" && e.Cache != fragment.DefaultName {
		line += " in " + e.Cache
	}
	why := e.Reason
	if len(e.Tags) > 0 {
		why += " " + strings.Join(e.Tags, " ")
	}
	for _, more := range []string{why, errText(e)} {
		if more != "" {
			line += ": " + more
		}
	}
	return strings.ReplaceAll(line, "\n", "; ")
}

// errText is that of the error of e, unless its reason says the same.
func errText(e fragment.Event) string {
	if e.Err == nil || e.Err.Error() == e.Reason {
		return ""
	}
	return e.Err.Error()
}

func linesOf(events []fragment.Event) []string {
	lines := make([]string, len(events))
	for i, e := range events {
		lines[i] = line(e)
	}
	return lines
}

// story is what a failed test tells of all that happened.
func story(events []fragment.Event) string {
	if len(events) == 0 {
		return " Nothing happened."
	}
	return " What happened:\n\t" + strings.Join(linesOf(events), "\n\t")
}
