package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// What the model asks, and how it tests the answers. A row is shown as a text
// that tells its number and version, and is as long as those say: a text that was
// cut, or that some other row or version has, is not taken for it.

func tagOf(row int) string           { return fmt.Sprint("row:", row) }
func loaderKey(row int) fragment.Key { return fragment.KeyOf("loader", row) }

func rowText(row int, v int64) []byte {
	return fmt.Appendf(nil, "%d=%d=%s ", row, v, strings.Repeat(string(rune('a'+v%26)), (row*7+int(v)*31)%90))
}

// A question is about some rows. What they have to show at least was noted
// before it was asked.
type question struct {
	*site
	rows   []int
	floors []int64
}

func (s *site) about(rows ...int) *question {
	q := &question{site: s, rows: rows}
	for _, row := range rows {
		q.floors = append(q.floors, s.floor(row))
	}
	return q
}

// test tests an answer. An error tells what it was made of too, if it is one of
// the model's own; but not of which of the rows.
func (q *question) test(shown []byte, err error) {
	if err != nil {
		for field := range strings.FieldsSeq(err.Error()) {
			if strings.Count(field, "=") == 2 && !q.shows(field, q.rows...) {
				q.t.Errorf("error %q, asked for rows %v from %v on", err, q.rows, q.floors)
			}
		}
		return
	}
	fields := strings.Fields(string(shown))
	for i, row := range q.rows {
		if len(fields) != len(q.rows) || !q.shows(fields[i], row) {
			q.t.Errorf("shown %q, want the rows %v from %v on", shown, q.rows, q.floors)
			return
		}
	}
}

// shows reports whether field is one of rows, whole, and not below its floor.
func (q *question) shows(field string, rows ...int) bool {
	parts := strings.Split(field, "=")
	row, _ := strconv.Atoi(parts[0])
	for i, one := range q.rows {
		if one != row {
			continue
		}
		v, _ := strconv.ParseInt(parts[1], 10, 64)
		return v >= q.floors[i] && field+" " == string(rowText(row, v)) && slices.Contains(rows, row)
	}
	return false
}

// anyRow is a row that has a tag.
func (m *model) anyRow() int { return rand.IntN(m.keyed) }

// pair is two rows that have tags: any, or some of few pairs.
func (m *model) pair() (a, b int) {
	if a = m.anyRow(); m.paired {
		return a, (a + 1) % m.keyed
	}
	return a, m.anyRow()
}

// ask asks one of the sites of p for something and tests it.
func (p *process) ask() {
	s, ctx := p.sites[rand.IntN(len(p.sites))], p.t.Context()
	if rand.IntN(20) == 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(100))*time.Microsecond)
		defer cancel()
	}
	any := rand.IntN(len(p.rows))
	a, b := p.pair()
	what := []func(){
		func() { q := s.about(any); q.test(s.load(ctx, any)) },
		func() { s.askStored(ctx, any, a) },
		func() { s.askMany(ctx, any, a, b) },
		func() { q := s.about(a, b); q.test(s.block(ctx, a, b)) },
		func() { q := s.about(b, a, b); q.test(s.page(ctx, a, b)) },
		func() { s.askAhead(ctx, any, a, b) },
	}[rand.IntN(6)]
	panicOf(what)
	p.seen.add("asked")
}

// askStored asks for what is stored, of one row or of two.
func (s *site) askStored(ctx context.Context, one, two int) {
	q := s.about(one)
	if value, ok, err := s.loaders.Get(ctx, loaderKey(one)); ok || err != nil {
		q.test(value, err)
	}
	p, q := s.about(one), s.about(two)
	values, err := s.loaders.GetMany(ctx, []fragment.Key{loaderKey(one), loaderKey(two)})
	if value, ok := values[loaderKey(one)]; ok {
		p.test(value, err)
	}
	if value, ok := values[loaderKey(two)]; ok {
		q.test(value, err)
	}
}

// askMany asks for some rows at once.
func (s *site) askMany(ctx context.Context, rows ...int) {
	var questions []*question
	for _, row := range rows {
		questions = append(questions, s.about(row))
	}
	for i, a := range s.many(ctx, rows...) {
		questions[i].test(a.Value, a.Err)
	}
}

// askAhead asks for some rows, one after the other, and a block of them, in a turn:
// what the others announce while it lasts it may see later, and what its own process
// announces it sees at once.
func (s *site) askAhead(ctx context.Context, any, a, b int) {
	one, two, both := s.about(any), s.about(a), s.about(a, b)
	ctx, done := s.turns.Fetch(ctx)
	defer done()
	for range rand.IntN(4) {
		runtime.Gosched()
	}
	one.raise()
	one.test(s.load(ctx, any))
	two.raise()
	if value, ok, err := s.loaders.Get(ctx, loaderKey(a)); ok || err != nil {
		two.test(value, err)
	}
	both.raise()
	both.test(s.block(ctx, a, b))
	s.seen.add("asked ahead")
}

// raise raises what is to be shown to what its own process has announced by now.
func (q *question) raise() {
	for i, row := range q.rows {
		q.floors[i] = max(q.floors[i], q.site.floors[row].Load())
	}
}

// sometimesAhead begins a turn inside of a fill, or does not.
func (s *site) sometimesAhead(ctx context.Context) (context.Context, func()) {
	if rand.IntN(2) == 0 {
		return ctx, func() {}
	}
	return s.inner.Fetch(ctx)
}

// load shows one row.
func (s *site) load(ctx context.Context, row int) ([]byte, error) {
	return s.loaders.Do(ctx, loaderKey(row), s.policy(), func(ctx context.Context) ([]byte, error) { return s.read(ctx, row) })
}

// many shows some rows.
func (s *site) many(ctx context.Context, rows ...int) []fragment.Answer {
	var keys []fragment.Key
	for _, row := range rows {
		keys = append(keys, loaderKey(row))
	}
	answers, err := s.loaders.DoMany(ctx, keys, s.policy(), func(ctx context.Context, missing []int) ([]fragment.Filled, error) {
		if s.seen.add("a fill of many"); len(missing) > 1 {
			s.seen.add("a fill of several")
		}
		var filled []fragment.Filled
		for _, i := range missing {
			filled = append(filled, s.filled(ctx, rows[i]))
		}
		return filled, trouble(ctx)
	})
	must(s.t, err)
	return answers
}

// block shows two rows that have tags.
func (s *site) block(ctx context.Context, a, b int) ([]byte, error) {
	return s.pages.Do(ctx, fragment.KeyOf("block", a, b), s.policy(), func(ctx context.Context) ([]byte, error) {
		ctx, done := s.sometimesAhead(ctx)
		defer done()
		if rand.IntN(3) == 0 {
			both := s.many(ctx, a, b)
			one, err := there(both[0].Value, both[0].Err)
			two, other := there(both[1].Value, both[1].Err)
			return bytes.Join([][]byte{one, two}, nil), errors.Join(err, other)
		}
		one, err := there(s.load(ctx, a))
		if err != nil {
			return nil, err
		}
		two, ok, err := s.loaders.Get(ctx, loaderKey(b))
		if !ok && err == nil {
			two, err = s.load(ctx, b)
		}
		two, err = there(two, err)
		return bytes.Join([][]byte{one, two}, nil), errors.Join(err, trouble(ctx))
	})
}

// page shows a block and a row that it reads itself.
func (s *site) page(ctx context.Context, a, b int) ([]byte, error) {
	return s.pages.Do(ctx, fragment.KeyOf("page", a, b), s.policy(), func(ctx context.Context) ([]byte, error) {
		ctx, done := s.sometimesAhead(ctx)
		defer done()
		own, err := there(s.read(ctx, b))
		if err != nil {
			return nil, err
		}
		block, err := s.block(ctx, a, b)
		return bytes.Join([][]byte{own, block}, nil), err
	})
}

// there makes a row that is not there a part like any other.
func there(shown []byte, err error) ([]byte, error) {
	if !errors.Is(err, fragment.ErrNotFound) {
		return shown, err
	}
	text, _, _ := strings.Cut(err.Error(), " ")
	return []byte(text + " "), nil
}
