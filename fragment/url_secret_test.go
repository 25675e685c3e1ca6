package fragment_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func init() {
	fragment.Register("closed-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		u.Size("size", 1)
		u.Int("db", 0)
		if err := u.Err(); err != nil {
			return nil, err
		}
		return nil, errDisk
	})
}

// wantSilent opens a URL and tests that no error tells the password.
func wantSilent(t *testing.T, rawURL, password string) {
	t.Helper()
	var r fragment.Registry
	_, err := r.Open(t.Context(), "c", rawURL, fragment.Options{})
	if err != nil && strings.Contains(err.Error(), password) {
		t.Errorf("%q: %v: tells the password", rawURL, err)
	}
	r.Close()
}

// The password is in no error, wherever a slip of the pen brings it.
func TestPasswordIsNeverPrinted(t *testing.T) {
	for _, form := range []string{
		"closed-test://user:PASS@host:1/0",
		"closed-test://:PASS@host",
		"closed-test://user:PASS@host?unknown=1",
		"closed-test://user:PASS@host?db=x",
		"closed-test://user:PASS@host?db=1&db=2",
		"closed-test://user:PASS@host?a;b",
		"closed-test://user:PASS@host#PASS",
		"closed-test://user:PASS@host:port",
		"closed-test://user:PASS@host name",
		"closed-test://user:PASS@[::1",
		"closed-test://user:PASS%@host",
		"closed-test://user:PASS%zz@host",
		"closed-test://user:a/PASS@host",
		"closed-test://user:12/PASS@host",
		"closed-test://user:12?PASS@host",
		"closed-test://user:12?PASS&x=1@host",
		"closed-test://user:12?db=PASS@host",
		"closed-test://user:12?size=PASS&db=@host",
		"closed-test://user:12#PASS@host",
		"closed-test://user:a?PASS@host",
		"closed-test://user:a#PASS@host",
		"closed-test://user:a@b/PASS@host",
		"closed-test://user:PASS@h1:1,h2:2/0",
		"closed-test://user:a,PASS@h1:1,h2:2/0",
		"closed-test://user:PASS@h1:1,h2:2?unknown=1",
		"closed-test://user:1,2/PASS@h1:1,h2:2",
		"closed-test://user:1,2?PASS@h1:1,h2:2",
		"closed-test://user:1,2?db=PASS@h1:1,h2:2",
		"closed-test:user:PASS@host",
		"closed-test:/user:PASS@host",
		"closed-test:///user:PASS@host",
		"closed-test:://user:PASS@host",
		"closed-test://host?password=PASS",
		"closed-test//user:PASS@host",
		"closed-test;//user:PASS@host",
		"user:PASS@host",
		":PASS@host",
		"//user:PASS@host",
		"\x00closed-test://user:PASS@host",
		"closed-test://user:PASS\x00@host",
		"closed-test://user:PASS\n@host",
		"unknown-test://user:PASS@host",
		"unknown-test:user:PASS@host",
		"bigcache-test://user:PASS@host?size=-1",
		"null://user:PASS@host?size=1",
	} {
		wantSilent(t, strings.ReplaceAll(form, "PASS", "hunter2"), "hunter2")
	}
}

func FuzzPasswordIsNeverPrinted(f *testing.F) {
	f.Add("closed-test://user:", "@host:1/0?size=1")
	f.Add("closed-test://user:12/", "@host?unknown=1")
	f.Add("closed-test:/user:12?db=", "@host")
	f.Add("unknown://user:12#", "@host")
	f.Add("closed-test://user:a%", "@[::1")
	f.Fuzz(func(t *testing.T, before, after string) {
		if !strings.HasPrefix(after, "@") || !strings.Contains(before, ":") {
			return // no password
		}
		wantSilent(t, before+"hunter2"+after, "hunter2")
	})
}
