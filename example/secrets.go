package main

import (
	"errors"
	"net/url"
	"strings"
)

var (
	errNoURL   = errors.New("the URL does not parse: percent-encode the special characters of its user and password, such as %40 for @")
	errStrayAt = errors.New("the URL has an @ behind its host: percent-encode the special characters of its user and password, such as %2F for / and %40 for @")
)

// parseURL parses a URL that may hold a password. Its errors show nothing of it.
func parseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil: // which repeats the URL
		return nil, errNoURL
	case hasStrayAt(u):
		return nil, errStrayAt
	}
	return u, nil
}

// hasStrayAt reports an @ that does not end user and password, and so may end
// what was meant as such: in mysql://root:12/34@host/db the host is root:12.
func hasStrayAt(u *url.URL) bool {
	behind := u.Opaque + u.Path + u.RawQuery + u.Fragment
	return strings.Contains(strings.ReplaceAll(behind, "%40", "@"), "@")
}

// withoutSecrets returns the URL for people to read: without user and password,
// nor what may hold one as well.
func withoutSecrets(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return bare.String()
}

// mayHoldSecret reports a text where no URL belongs that looks like one.
func mayHoldSecret(text string) bool {
	return strings.Contains(text, "//") || strings.Contains(strings.ReplaceAll(text, "%40", "@"), "@")
}
