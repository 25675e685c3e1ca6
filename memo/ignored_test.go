package memo_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// carrying is an argument with what its loader needs beside what it asks for.
type carrying struct {
	Word   string
	Page   int
	Tx     *sql.Tx      `memo:"-"`
	log    *slog.Logger `memo:"-"`
	Inside struct {
		Limit int
		Trace map[string]any `memo:"-"`
	}
}

func TestIgnoredFields(t *testing.T) {
	one := carrying{Word: "go", Page: 1, Tx: new(sql.Tx), log: slog.Default()}
	one.Inside.Trace = map[string]any{"id": 1}
	other := carrying{Word: "go", Page: 1}
	limited := other
	limited.Inside.Limit = 10
	keys := keysOf(t, one, other, limited)
	if keys[0] != keys[1] {
		t.Error("what is tagged is part of the key")
	}
	if keys[1] == keys[2] {
		t.Error("what is beside it is not part of the key")
	}
}

func TestIgnoredFieldsReachTheLoader(t *testing.T) {
	c, _ := newCache(t)
	f := memo.New(c, "q", fragment.Policy{}, func(_ context.Context, q carrying) (string, error) {
		return q.Word + q.log.Handler().(*tagged).tag, nil
	})
	mustDo(t, f.Err())
	for _, tag := range []string{"A", "B"} {
		got := mustGet2(f.Get(t.Context(), carrying{Word: "w", log: slog.New(&tagged{tag: tag})}))(t)
		if got != "wA" {
			t.Errorf("with %s: got %q, want the answer of the first", tag, got)
		}
	}
}

type tagged struct {
	slog.Handler
	tag string
}

func TestIgnoredFieldsAreNotInTheFingerprint(t *testing.T) {
	c, _ := newCache(t)
	before := func() fragment.Key {
		type q struct{ A int }
		return memo.New(c, "k", fragment.Policy{}, noLoad[q, int]).Key(q{1})
	}()
	after := func() fragment.Key {
		type q struct {
			A int
			b *sql.Tx `memo:"-"`
		}
		return memo.New(c, "k", fragment.Policy{}, noLoad[q, int]).Key(q{A: 1, b: nil})
	}()
	if before != after {
		t.Error("a field that no answer depends on made all answers miss")
	}
	// Of an answer, all fields are stored.
	type q struct {
		A int
		B int `memo:"-"`
	}
	same(t, "tagged field of an answer", q{1, 2})
	same(t, "argument and answer of one type", map[string]q{"x": {1, 2}})
}

func TestBadTagsOfArguments(t *testing.T) {
	c, _ := newCache(t)
	for name, bad := range map[string]struct {
		err  error
		want string
	}{
		"unknown": {errOfKey[struct {
			A int `memo:"omit"`
		}](c), `.A has the tag memo:"omit": want memo:"-"`},
		"empty": {errOfKey[struct {
			A int `memo:""`
		}](c), `memo:""`},
		"untagged": {errOfKey[struct{ Tx *sql.Tx }](c), `(or what holds it) the tag memo:"-"`},
	} {
		if bad.err == nil || !strings.Contains(bad.err.Error(), bad.want) {
			t.Errorf("%s: got %v, want %q in it", name, bad.err, bad.want)
		}
	}
}
