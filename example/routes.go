package main

import (
	"embed"
	"net/http"
	"time"

	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

// files are the templates, the style sheet, and this code, which the pages show
// beside what it does.
//
//go:embed *.go templates static
var files embed.FS

// routes declares what the site answers. Nothing is open yet: a cache may be
// handed to a route before it has a store.
func (s *Site) routes() error {
	set, err := newTemplates(s.caches)
	if err != nil {
		return err
	}
	e := s.web
	e.Renderer = echoext.Renderer(set)
	e.HTTPErrorHandler = s.showError
	e.Use(s.logRequest, middleware.Recover(), secured(), middleware.BodyLimit("64K"), refuseCrossSite())

	e.Match(get, "/", s.home)
	e.Match(get, "/users", s.listUsers,
		echoext.Page(s.cache, fragment.Policy{TTL: 5 * time.Minute, Tags: []string{"users"}}))
	e.Match(get, "/users/block", s.listUsersInBlock)
	e.POST("/users", s.addUser)
	e.Match(get, "/time", s.time,
		echoext.Page(s.cache, fragment.Policy{TTL: 5 * time.Minute}))
	e.Match(get, "/zen", s.zen)
	e.Match(get, "/method/zen", new(zenMaster).zen,
		echoext.Page(s.cache, fragment.Policy{TTL: 30 * time.Second}))
	e.Match(get, "/block/zen", s.zenInBlock)
	e.Match(get, "/hello/:name", s.hello)
	e.Match(get, "/comments", s.listComments)
	e.Match(get, "/object", s.object)
	e.POST("/clear", s.clear)
	modular(e.Group("/modular"), s.caches)
	e.Match(get, "/static/:file", static)
	return nil
}

// get are the methods of a page: Echo answers HEAD only where it is told to.
var get = []string{http.MethodGet, http.MethodHead}
