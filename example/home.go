package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// Figures are the statistics of one cache, for the first page.
type Figures struct {
	Cache       string
	Used, Bound string // memory of the store; empty where it cannot tell
	fragment.Stats
	Names []NameFigures
}

// NameFigures are those of one name of keys.
type NameFigures struct {
	Name string
	fragment.NameStats
	Saved time.Duration // what the hits would have cost as fills
}

// home answers GET /: what is cached where, and how it does at this moment.
func (s *Site) home(c echo.Context) error {
	var figures []Figures
	for _, name := range []string{fragment.DefaultName, modularName} {
		figures = append(figures, figuresOf(name, s.caches.Cache(name).Stats()))
	}
	return c.Render(http.StatusOK, "home.html", pongo2.Context{"figures": figures, "delay": s.config.Delay})
}

func figuresOf(cache string, stats fragment.Stats) Figures {
	figures := Figures{Cache: cache, Stats: stats, Used: mebibytes(stats.Usage.Bytes), Bound: mebibytes(stats.Usage.Capacity)}
	for name, one := range stats.Names {
		figures.Names = append(figures.Names, NameFigures{Name: name, NameStats: one, Saved: saved(one)})
	}
	slices.SortFunc(figures.Names, func(a, b NameFigures) int { return strings.Compare(a.Name, b.Name) })
	return figures
}

func saved(n fragment.NameStats) time.Duration {
	if n.Fills == 0 {
		return 0
	}
	perFill := n.FillTime / time.Duration(n.Fills)
	return (perFill * time.Duration(n.Hits+n.Stale)).Round(10 * time.Microsecond)
}

func mebibytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
