package main

// quotes are what the zen pages have to say.
var quotes = []string{
	"Compute once, answer many.",
	"Stale bread feeds more people than an oven that is down.",
	"A key that forgets a part will remember the wrong person.",
	"To free a thing, first know its tag.",
	"Zero is not for ever, and for ever is not for long.",
	"The error was a miss that nobody planned for.",
	"What may be thrown away at any time may also be kept.",
	"One asks the well; the village drinks.",
	"The clock beside the cached page is not wrong. It is fresh.",
	"Before you make it faster, see whether it must be made again.",
	"An empty answer is an answer. Keep it.",
	"Measure the miss; the hit takes care of itself.",
	"He who clears all caches has not found the stale one.",
	"A bound on memory is a kindness to the neighbours.",
	"Write down when it was made, and nobody asks whether it is old.",
	"The shortest path to the database is not to go there.",
}
