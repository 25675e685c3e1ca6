package fragment

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// URL is what a Driver opens: a parsed URL and strict access to its
// parameters. A parameter that no method asked for, that is given twice or that
// does not parse is an error; Err returns the first.
//
// A URL belongs to one call of a Driver and is not safe for concurrent use.
type URL struct {
	*url.URL
	params url.Values
	known  []string
	secret bool // a part that is not for it may hold the password
	err    error
}

func newURL(u *url.URL) *URL {
	params, err := url.ParseQuery(u.RawQuery)
	// In redis://user:12/34@host the password does not end at the "/" as its
	// author believes: an "@" this late means that anything may be a secret.
	secret := strings.Contains(u.Opaque+u.Path+u.RawQuery, "@")
	out := &URL{URL: u, params: params, secret: secret}
	if err != nil {
		out.err = fmt.Errorf("the parameters after %q do not parse: write them as name=value&name=value, percent-encoded", "?")
	}
	return out
}

// String returns the parameter name, or byDefault if it is absent.
func (u *URL) String(name, byDefault string) string {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	return value
}

// Int returns the parameter name as a whole number.
func (u *URL) Int(name string, byDefault int) int {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		u.Fail(name, "is "+u.quote(value)+": want a whole number such as 64")
	}
	return n
}

// Float returns the parameter name as a number from 0 on.
func (u *URL) Float(name string, byDefault float64) float64 {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !(f >= 0) || math.IsInf(f, 0) {
		u.Fail(name, "is "+u.quote(value)+": want a number from 0 on, such as 0.1")
	}
	return f
}

// Bool returns the parameter name: true or false.
func (u *URL) Bool(name string, byDefault bool) bool {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	if value != "true" && value != "false" {
		u.Fail(name, "is "+u.quote(value)+": want true or false")
	}
	return value == "true"
}

// Duration returns the parameter name as a duration above zero, as ParseDuration
// reads it.
func (u *URL) Duration(name string, byDefault time.Duration) time.Duration {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	d, err := ParseDuration(value)
	if err != nil || d <= 0 {
		u.Fail(name, "is "+u.quote(value)+": want a duration above zero such as 500ms, 30s, 1h30m or 7d")
	}
	return d
}

// Size returns the parameter name as a number of bytes above zero: 1048576,
// 64MiB, 64MB (millions) or 1GiB.
func (u *URL) Size(name string, byDefault int64) int64 {
	value, given := u.param(name)
	if !given {
		return byDefault
	}
	n, ok := parseSize(value)
	if !ok {
		u.Fail(name, "is "+u.quote(value)+": want a size above zero such as 64MiB, 1GiB or a number of bytes")
	}
	return n
}

// Fail records that the parameter name is wrong; why continues the sentence
// "parameter name ".
func (u *URL) Fail(name, why string) {
	if u.err == nil {
		u.err = fmt.Errorf("parameter %s %s", name, why)
	}
}

// Err returns the first thing that is wrong with the parameters. A Driver
// calls it after it has asked for all of its parameters.
func (u *URL) Err() error {
	if u.err != nil {
		return u.err
	}
	names := make([]string, 0, len(u.params))
	for name := range u.params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(u.known, name) {
			return fmt.Errorf("unknown parameter %s: %s", u.quote(name), u.wanted())
		}
	}
	return nil
}

// quote quotes a part of the URL for an error, if it cannot be a secret.
func (u *URL) quote(part string) string {
	if u.secret || strings.Contains(part, "@") {
		return "(not shown: the URL holds an \"@\" that does not end a password; write it as %40)"
	}
	return strconv.Quote(part)
}

// withoutSecrets returns scheme and place. What follows is left out: a driver
// may take a secret there.
func (u *URL) withoutSecrets() string {
	if u.secret {
		return u.Scheme + ":"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (u *URL) wanted() string {
	if len(u.known) == 0 {
		return u.Scheme + " takes none"
	}
	return u.Scheme + " takes " + strings.Join(u.known, ", ")
}

func (u *URL) param(name string) (value string, given bool) {
	u.known = append(u.known, name)
	values := u.params[name]
	if len(values) > 1 {
		u.Fail(name, "is given more than once: give it once")
	}
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1},
}

func parseSize(text string) (n int64, ok bool) {
	for _, unit := range sizeUnits {
		digits, has := strings.CutSuffix(text, unit.suffix)
		if !has {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/unit.bytes {
			return 0, false
		}
		return n * unit.bytes, true
	}
	return 0, false
}
