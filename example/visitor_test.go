package main_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	main "github.com/pongocache/pongocache/example"
)

// A visitor talks HTTP with a running site and counts its queries.
type visitor struct {
	t       *testing.T
	client  *http.Client
	base    string
	host    string // what the site is told it is called; empty is its address
	queries *queryCount
}

// visit starts the site over TCP and returns a visitor of it.
func visit(t *testing.T, config main.Config) *visitor {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	return visitOver(t, config, l, transport)
}

// visitOver starts the site on l. The site stops, and is closed, with the test.
func visitOver(t *testing.T, config main.Config, l net.Listener, transport *http.Transport) *visitor {
	t.Helper()
	v := newVisitor(t, l.Addr(), transport)
	config.Log = slog.New(v.queries)
	if config.Cache == "" {
		config.Cache = "bigcache://"
	}
	ctx, stop := context.WithCancel(context.Background())
	site, err := main.New(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- site.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		transport.CloseIdleConnections()
		if err := errors.Join(<-served, site.Close()); err != nil {
			t.Errorf("stopping the site: %v", err)
		}
	})
	return v
}

func newVisitor(t *testing.T, site net.Addr, transport *http.Transport) *visitor {
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{
		t: t, base: "http://" + site.String(), queries: new(queryCount),
		client: &http.Client{Transport: transport, CheckRedirect: asIs},
	}
}

// A page is what a visitor got.
type page struct {
	status int
	header http.Header
	body   string
}

func (v *visitor) get(path string) page { return v.do(http.MethodGet, path, nil, nil) }

// post sends a form as the browser of somebody on this site would.
func (v *visitor) post(path string, form url.Values) page {
	return v.do(http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

func (v *visitor) do(method, path string, form url.Values, header http.Header) page {
	v.t.Helper()
	request, err := http.NewRequest(method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Host = v.host
	for name, values := range header {
		request.Header[name] = values
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		request.Body = nil
	}
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{status: response.StatusCode, header: response.Header, body: string(body)}
}

var dataMade = regexp.MustCompile(`data-made="([^"]*)"`)

// made returns when the one cached part of the page at path was made.
func (v *visitor) made(path string) string {
	v.t.Helper()
	p := v.get(path)
	if p.status != http.StatusOK {
		v.t.Fatalf("GET %s: got status %d, want 200:\n%s", path, p.status, p.body)
	}
	found := dataMade.FindAllStringSubmatch(p.body, -1)
	if len(found) != 1 {
		v.t.Fatalf("GET %s: got %d cached parts, want 1:\n%s", path, len(found), p.body)
	}
	if _, err := time.Parse(time.RFC3339Nano, found[0][1]); err != nil {
		v.t.Fatalf("GET %s: data-made: %v", path, err)
	}
	return found[0][1]
}

// queryCount is a log that counts the queries it is told of.
type queryCount struct{ n atomic.Int64 }

func (q *queryCount) Enabled(context.Context, slog.Level) bool { return true }
func (q *queryCount) WithAttrs([]slog.Attr) slog.Handler       { return q }
func (q *queryCount) WithGroup(string) slog.Handler            { return q }

func (q *queryCount) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "query" {
		q.n.Add(1)
	}
	return nil
}

// since returns the queries since it was last called.
func (q *queryCount) since() int { return int(q.n.Swap(0)) }
