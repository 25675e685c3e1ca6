// Package coherence tests that processes which keep copies near (Options.Near)
// of what they share in a real Redis hear of each other's changes in time.
package coherence
