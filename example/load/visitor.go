package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A visitor asks one address for pages.
type visitor struct {
	client *http.Client
	base   string
}

// An answer is what a visitor got.
type answer struct {
	path string
	body string
	err  error // of a page that failed
	sent time.Time
	took time.Duration
}

var dataMade = regexp.MustCompile(`data-made="([^"]*)"`)

// made is when the cached part was made, which tells one making from another.
func (a answer) made() string {
	if found := dataMade.FindStringSubmatch(a.body); found != nil {
		return found[1]
	}
	return ""
}

func (v *visitor) get(ctx context.Context, path string) answer {
	a := v.do(ctx, http.MethodGet, path, nil, http.StatusOK)
	if a.err == nil && path != "/" && a.made() == "" {
		a.err = fmt.Errorf("GET %s: the page has no part that was cached", path)
	}
	return a
}

// post sends a form, which the site answers by sending the visitor on.
func (v *visitor) post(ctx context.Context, path string, form url.Values) answer {
	return v.do(ctx, http.MethodPost, path, form, http.StatusSeeOther)
}

func (v *visitor) do(ctx context.Context, method, path string, form url.Values, want int) answer {
	a := answer{path: path, sent: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.err = err
		return a
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if method == http.MethodGet {
		request.Body, request.ContentLength = nil, 0
		request.Header.Del("Content-Type")
	}
	a.body, a.err = v.send(request, want)
	a.took = time.Since(a.sent)
	return a
}

func (v *visitor) send(request *http.Request, want int) (body string, err error) {
	response, err := v.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s %s: got status %d, want %d", request.Method, request.URL.Path, response.StatusCode, want)
	}
	return string(text), err
}

// atOnce lets n visitors ask for a page at the same moment.
func (v *visitor) atOnce(ctx context.Context, n int, path string) []answer {
	answers, start := make([]answer, n), make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			answers[i] = v.get(ctx, path)
		})
	}
	close(start)
	all.Wait()
	return answers
}
