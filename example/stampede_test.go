package main_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	main "github.com/pongocache/pongocache/example"
)

// Two hundred visitors at once, none of whom finds anything: a view, a block
// and a loader each run their slow query once, and everybody is answered.
func TestManyColdVisitorsRunOneQuery(t *testing.T) {
	const visitors = 200
	for _, path := range []string{"/users", "/users/block", "/hello/Ada"} {
		t.Run(path[1:], func(t *testing.T) {
			v := visit(t, main.Config{Delay: 200 * time.Millisecond})
			answers := make(chan string, visitors)
			var together sync.WaitGroup
			start := make(chan struct{})
			for range visitors {
				together.Go(func() {
					<-start
					answers <- v.try(path)
				})
			}
			close(start)
			together.Wait()
			close(answers)

			seen := map[string]int{}
			for answer := range answers {
				seen[answer]++
			}
			if len(seen) != 1 {
				t.Errorf("got different answers: %v, want one for all", seen)
			}
			if got := v.queries.since(); got != 1 {
				t.Errorf("got %d queries, want 1", got)
			}
		})
	}
}

// try returns when the cached part of the page was made, or what went wrong. It
// may be called from any goroutine.
func (v *visitor) try(path string) string {
	response, err := v.client.Get(v.base + path)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Sprintf("status %d: %s", response.StatusCode, body)
	}
	if found := dataMade.FindStringSubmatch(string(body)); found != nil {
		return found[1]
	}
	return "no cached part"
}
