// Package backendtest tests whether a [fragment.Backend] keeps what the
// interface promises. It is the second half of that interface's documentation:
// each rule is a short script of calls, in the words of the interface.
//
// The test of a backend is a call of [Run]. Every backend of pongocache passes
// it, and so should one of your own, and a wrapper around another backend. Run
// it with -race: several rules are about concurrent use.
//
// What a server does in faults is not among them: a rule cannot end a server that it
// does not know. Kill it, pause it and damage what it holds in tests of your own; an
// error within the deadline of the ctx is what a Cache needs then.
//
// The rules speak to the backend alone, except for the last ones, which put a
// [fragment.Cache] on top of it.
package backendtest
