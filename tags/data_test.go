package tags_test

import (
	"errors"
	"math"
	"time"

	"github.com/flosch/pongo2/v6"
)

var wrongData = pongo2.Context{
	"pointer": &user{ID: 1}, "map": map[string]int{"a": 1}, "minus": -time.Second,
	"nan": math.NaN(), "inf": math.Inf(1), "spaced": []string{"a b"},
	"fail": func() (string, error) { return "", errors.New("no such luck") },
}
