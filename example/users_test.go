package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	main "github.com/pongocache/pongocache/example"
)

var ada = url.Values{"name": {"Ada Acorn"}, "email": {"ada@example.com"}, "phone": {"+1 202 555 0100"}, "address": {"1 Teapot Lane"}}

func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	v := visit(t, main.Config{})
	kept := v.made("/users")
	refused := []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://other.127.0.0.1"}},
		{"Origin": {"https://elsewhere.example"}},
		{"Origin": {"null"}},
	}
	for _, header := range refused {
		for _, path := range []string{"/users", "/clear"} {
			p := v.do(http.MethodPost, path, ada, header)
			if p.status != http.StatusForbidden || !strings.Contains(p.body, "from a page of another site") {
				t.Errorf("POST %s with %v: got status %d, want 403 and why:\n%s", path, header, p.status, p.body)
			}
		}
	}
	if made := v.made("/users"); made != kept {
		t.Errorf("refused posts freed the page")
	}
}

func TestPostsFromThisSiteAreTaken(t *testing.T) {
	v := visit(t, main.Config{})
	taken := []http.Header{
		{"Sec-Fetch-Site": {"same-origin"}},
		{"Origin": {v.base}},
		{}, // a program, not a browser
	}
	for _, header := range taken {
		if p := v.do(http.MethodPost, "/users", ada, header); p.status != http.StatusSeeOther {
			t.Errorf("POST /users with %v: got status %d, want 303:\n%s", header, p.status, p.body)
		}
	}
	if body := v.get("/users").body; !strings.Contains(body, "103 users") {
		t.Errorf("want 3 more users than 100:\n%s", body)
	}
}

func TestFormSaysWhatIsWrong(t *testing.T) {
	v := visit(t, main.Config{})
	for _, c := range []struct{ field, value, want string }{
		{"name", "", "Please give a name"},
		{"name", "   ", "Please give a name"},
		{"name", strings.Repeat("ö", 81), "too long"},
		{"name", "Ada\x00", "not text"},
		{"name", "Ada\xff", "not text"},
		{"email", "", "Please give an email address"},
		{"email", "ada at example", "Please give an email address"},
		{"email", "Ada <ada@example.com>", "Please give an email address"},
		{"phone", "one two three", "A phone number has digits"},
		{"address", strings.Repeat("a", 201), "too long"},
	} {
		form := url.Values{}
		for field := range ada {
			form.Set(field, ada.Get(field))
		}
		form.Set(c.field, c.value)
		p := v.post("/users", form)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.want) {
			t.Errorf("%s %.20q: got status %d, want 422 and %q:\n%s", c.field, c.value, p.status, c.want, p.body)
		}
		if !strings.Contains(p.body, `value="1 Teapot Lane"`) && c.field != "address" {
			t.Errorf("%s %.20q: what else was typed is gone", c.field, c.value)
		}
	}
	if body := v.get("/users").body; !strings.Contains(body, "100 users") {
		t.Errorf("a form that was refused added a user")
	}
}

func TestTooLargeFormIsRefused(t *testing.T) {
	v := visit(t, main.Config{})
	p := v.post("/users", url.Values{"name": {strings.Repeat("a", 100<<10)}})
	if p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("got status %d, want 413", p.status)
	}
}

func TestErrorPages(t *testing.T) {
	v := visit(t, main.Config{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/nowhere", http.StatusNotFound},
		{http.MethodGet, "/static/nothing.css", http.StatusNotFound},
		{http.MethodGet, "/static/..%2Fmain.go", http.StatusNotFound},
		{http.MethodDelete, "/users", http.StatusMethodNotAllowed},
		{http.MethodGet, "/hello/" + strings.Repeat("a", 81), http.StatusBadRequest},
		{http.MethodGet, "/hello/%FF", http.StatusBadRequest},
	} {
		p := v.do(c.method, c.path, nil, nil)
		if p.status != c.status || !strings.Contains(p.body, "To the first page") {
			t.Errorf("%s %.40s: got status %d, want %d on a page of the site:\n%.300s", c.method, c.path, p.status, c.status, p.body)
		}
		if got := p.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
			t.Errorf("%s %.40s: got Content-Security-Policy %q", c.method, c.path, got)
		}
	}
}

func TestNamesOfAllKindsAreGreeted(t *testing.T) {
	v := visit(t, main.Config{})
	for path, name := range map[string]string{
		"/hello/Ada": "Ada", "/hello/100%25": "100%", "/hello/a%2Fb": "a/b", "/hello/a%252Fb": "a%2Fb",
		"/hello/%3Cb%3E": "&lt;b&gt;", "/hello/%E2%98%82": "☂", "/hello/Ada?utm_source=x": "Ada",
	} {
		if p := v.get(path); p.status != http.StatusOK || !strings.Contains(p.body, "<h1>Hello, "+name+"</h1>") {
			t.Errorf("GET %s: got status %d, want a greeting for %s:\n%.600s", path, p.status, name, p.body)
		}
	}
}

func TestHeadIsAnsweredLikeGet(t *testing.T) {
	v := visit(t, main.Config{})
	for _, s := range stops {
		p := v.do(http.MethodHead, s.path, nil, nil)
		if p.status != http.StatusOK || p.body != "" {
			t.Errorf("HEAD %s: got status %d and %d bytes, want 200 and none", s.path, p.status, len(p.body))
		}
	}
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	v := visit(t, main.Config{})
	for _, s := range stops {
		body := v.get(s.path).body
		for _, foreign := range []string{`src="http`, `href="http`, `src="//`, `href="//`, "<script", "<style", " style="} {
			if strings.Contains(body, foreign) {
				t.Errorf("GET %s: the page has %s", s.path, foreign)
			}
		}
	}
	sheet := v.get("/static/style.css")
	if sheet.status != http.StatusOK || !strings.HasPrefix(sheet.header.Get("Content-Type"), "text/css") {
		t.Errorf("GET /static/style.css: got status %d, %q", sheet.status, sheet.header.Get("Content-Type"))
	}
	if strings.Contains(sheet.body, "url(") || strings.Contains(sheet.body, "@import") {
		t.Errorf("the style sheet loads something")
	}
}
