package echoext_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

// A stream reaches the client as it is written, and nobody waits for its end.
func TestStreamsPassThrough(t *testing.T) {
	s := newSite(t)
	more := make(chan bool)
	s.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Content-Type", "text/event-stream")
		c.Response().WriteHeader(http.StatusOK)
		_, _ = io.WriteString(c.Response(), "first\n")
		c.Response().Flush()
		<-more
		_, err := io.WriteString(c.Response(), "second\n")
		return err
	}, echoext.Page(s.cache, fragment.Policy{}))
	server := httptest.NewServer(s)
	defer server.Close()

	var lines []*bufio.Reader
	for range 2 { // the second begins while the first is open
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		lines = append(lines, bufio.NewReader(response.Body))
		if line, err := lines[len(lines)-1].ReadString('\n'); line != "first\n" {
			t.Fatalf("got %q, %v before the handler ended", line, err)
		}
	}
	close(more)
	for _, l := range lines {
		if line, _ := l.ReadString('\n'); line != "second\n" {
			t.Errorf("got %q after the flush", line)
		}
	}
}

func TestHijackAndDeadlinesReachTheConnection(t *testing.T) {
	s := newSite(t)
	page := echoext.Page(s.cache, fragment.Policy{})
	s.GET("/hijack", func(c echo.Context) error {
		conn, rw, err := c.Response().Hijack()
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmine")
		return rw.Flush()
	}, page)
	s.GET("/deadline", func(c echo.Context) error {
		if err := http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		return c.String(http.StatusOK, "ok")
	}, page)
	server := httptest.NewServer(s)
	defer server.Close()
	for path, want := range map[string]string{"/hijack": "mine", "/deadline": "ok"} {
		for range 2 {
			response, err := http.Get(server.URL + path)
			if err != nil {
				t.Fatal(path, err)
			}
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if string(body) != want {
				t.Errorf("%s: got %q, want %q", path, body, want)
			}
		}
	}
}

func TestTrailersReachTheClient(t *testing.T) {
	s := newSite(t)
	s.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Trailer", "X-Sum")
		_ = c.String(http.StatusOK, "body")
		c.Response().Flush()
		c.Response().Header().Set("X-Sum", "4")
		return nil
	}, echoext.Page(s.cache, fragment.Policy{}))
	server := httptest.NewServer(s)
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.Trailer.Get("X-Sum") != "4" {
		t.Errorf("trailers: %v", response.Trailer)
	}
}

// Whatever comes over the wire neither crashes the site nor gets it to answer
// one request with the page of another.
func TestOddRequestsOverTheWire(t *testing.T) {
	s := newSite(t)
	s.Any("/*", func(c echo.Context) error { return c.String(200, c.Request().URL.RequestURI()) }, echoext.Page(s.cache, fragment.Policy{}))
	server := httptest.NewServer(s)
	defer server.Close()
	for _, target := range []string{
		"/", "//", "/%00", "/%ff%fe", "/a%0d%0aSet-Cookie:%20x", "/?" + strings.Repeat("a=1&", 5000), "/" + strings.Repeat("x", 70_000),
		"/?%zz", "/?a;b", "/*", "/..%2f..", "/?" + strings.Repeat("%26", 1000), "/ü?ü", "/|#~!", "/page!x|s1.y", "/?a=" + strings.Repeat("b", 66_000),
	} {
		for range 2 {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: %s\r\n\r\n", target, strings.Repeat("v", 70_000))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%.60q: %v", target, err)
			}
			body, _ := io.ReadAll(response.Body)
			_ = conn.Close()
			u, err := url.ParseRequestURI(target)
			if response.StatusCode == http.StatusOK && (err != nil || strings.TrimRight(u.RequestURI(), "&") != string(body)) {
				t.Errorf("%.60q is answered with the page of %.60q", target, body)
			}
		}
	}
}
