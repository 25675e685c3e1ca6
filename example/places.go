package main

import (
	"cmp"
	"net/url"
	"os"
	"slices"
	"strings"
)

// ofOneProcess are the schemes whose entries live in the memory of the process.
// Their URLs hold no secret.
var ofOneProcess = []string{"bigcache", "memory", "null"}

// describeCaches names the caches that openCaches has opened, for people: without
// users and passwords. inMemory tells that they belong to one process.
func describeCaches(rawURL string) (place string, inMemory bool) {
	if rawURL == "" && os.Getenv("CACHES") != "" {
		return "the places that CACHES names", false
	}
	return describe(cmp.Or(rawURL, os.Getenv("CACHE_URL"), defaultCache))
}

// describe names the cache at a URL. Of what is made of two, it names both.
func describe(rawURL string) (place string, inMemory bool) {
	scheme, _, _ := strings.Cut(rawURL, ":")
	u, err := url.Parse(rawURL)
	if err != nil { // some versions of Go do not know several places
		return scheme + ":", false
	}
	part := func(name string) string {
		place, _ := describe(u.Query().Get(name))
		return name + " " + place
	}
	switch {
	case u.Scheme == "tiered":
		return "tiered: " + part("near") + ", " + part("far"), false
	case u.Scheme == "fallback":
		return "fallback: " + part("first") + ", " + part("then"), false
	case hasStrayAt(u):
		return u.Scheme + ":", false
	case slices.Contains(ofOneProcess, u.Scheme):
		return rawURL, true
	}
	return withoutSecrets(u), false
}
