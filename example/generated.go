package main

import (
	"fmt"
	"strings"
)

// The people of the site are made up: their addresses are at example.com and
// their numbers from the range that is kept for stories.
var (
	firstNames = []string{"Ada", "Bruno", "Clara", "Dario", "Edda", "Felix", "Greta", "Hugo", "Ines", "Jonas",
		"Kira", "Leo", "Mina", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Sven", "Tilda"}
	lastNames = []string{"Acorn", "Bramble", "Cobalt", "Driftwood", "Ember", "Fernwood", "Gingerly", "Hazelnut", "Inkwell", "Juniper",
		"Kettle", "Lantern", "Marigold", "Nutmeg", "Oatcake", "Pebble", "Quicksilver", "Rosemary", "Saltmarsh", "Thimble"}
	streets = []string{"Teapot Lane", "Marble Row", "Cloud Street", "Bell Yard", "Paper Mill Road", "Lighthouse Steps", "Owl Corner"}
	towns   = []string{"Upper Nowhere", "Port Imagine", "Little Elsewhere", "Fableton", "Mistley-by-the-Sea"}
)

// generatedUsers returns n different users, the same at each start.
func generatedUsers(n int) []User {
	users := make([]User, n)
	for i := range users {
		first := firstNames[i%len(firstNames)]
		last := lastNames[(i*7+i/len(firstNames))%len(lastNames)]
		users[i] = User{
			ID:      int64(i + 1),
			Name:    first + " " + last,
			Email:   fmt.Sprintf("%s.%s@example.com", strings.ToLower(first), strings.ToLower(last)),
			Phone:   fmt.Sprintf("+1 202 555 01%02d", i%100),
			Address: fmt.Sprintf("%d %s, %s", 1+i*13%97, streets[i%len(streets)], towns[i%len(towns)]),
		}
	}
	return users
}

// generatedComments returns what the first users have to say.
func generatedComments() []Comment {
	said := []string{
		"I reloaded this page nine times and the database heard of it once.",
		"Is it fresh? It is fresh enough, and it says when it was made.",
		"A query saved is a query earned.",
		"My grandmother cached plums. Same idea, longer TTL.",
		"The fastest code is the code that ran a minute ago.",
		"Two hundred of us asked at once, and one of us waited for the answer on behalf of all.",
	}
	comments := make([]Comment, len(said))
	for i, u := range generatedUsers(len(said)) {
		comments[i] = Comment{ID: u.ID, Author: u.Name, Body: said[i]}
	}
	return comments
}
