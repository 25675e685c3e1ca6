package fragmenttest_test

import (
	"fmt"
	"runtime"
	"testing"
)

// complaints is a testing.TB that notes failures in place of failing.
type complaints struct {
	testing.TB
	said []string
}

func (c *complaints) Helper() {}

func (c *complaints) Errorf(format string, args ...any) {
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func (c *complaints) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	runtime.Goexit()
}

// complain returns what check says about a test that goes wrong.
func complain(t *testing.T, check func(t testing.TB)) []string {
	c := &complaints{TB: t}
	done := make(chan struct{})
	go func() { // which Fatalf may end
		defer close(done)
		check(c)
	}()
	<-done
	return c.said
}
