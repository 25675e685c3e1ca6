package main

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// A Comment is one row of the comments table.
type Comment struct {
	ID           int64
	Author, Body string
}

// Comments are all comments, and when they were read.
type Comments struct {
	All  []Comment
	Made time.Time
}

// newComments memoizes allComments for 50 s under the key "all_comments": a
// function without arguments has one answer.
func (s *Site) newComments() *memo.Thunk[Comments] {
	return memo.Value(s.cache, "all_comments", fragment.Policy{TTL: 50 * time.Second}, s.allComments)
}

// allComments reads all comments.
func (s *Site) allComments(ctx context.Context) (Comments, error) {
	all, err := query(ctx, s.database, scanComment, "SELECT id, author, body FROM pongocache_comments ORDER BY id")
	return Comments{All: all, Made: time.Now()}, err
}

func scanComment(rows *sql.Rows) (c Comment, err error) {
	err = rows.Scan(&c.ID, &c.Author, &c.Body)
	return c, err
}

// listComments answers GET /comments.
func (s *Site) listComments(c echo.Context) error {
	comments, err := s.comments.Get(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "comments.html", pongo2.Context{"comments": comments})
}
