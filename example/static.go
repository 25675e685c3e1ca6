package main

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
)

// styleURL changes with the style sheet, so that a browser may keep it for ever
// and a cached page still names the one it was made for.
var styleURL = "/static/style.css?v=" + digest("static/style.css")

func digest(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is compiled in
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// static answers GET /static/:file.
func static(c echo.Context) error {
	name := c.Param("file")
	content, err := files.ReadFile(path.Join("static", path.Base(name)))
	if err != nil {
		return echo.ErrNotFound
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, mime.TypeByExtension(path.Ext(name)), content)
}
