package backendtest

import "testing"

// RuleNames returns the names of all rules.
func RuleNames() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// Check tests the rule called name alone and reports to t.
func Check(t testing.TB, h Harness, name string) {
	for _, r := range rules() {
		if r.name == name {
			r.run(t, h)
			return
		}
	}
	t.Fatalf("there is no rule %q", name)
}
