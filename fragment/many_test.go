package fragment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func keysOf(ids ...int) (keys []fragment.Key) {
	for _, id := range ids {
		keys = append(keys, fragment.KeyOf("k", id))
	}
	return keys
}

// A loader fills many at once and notes what it was asked for.
type loader struct {
	mu    sync.Mutex
	asked []string
	takes time.Duration
	edit  func(i int, f *fragment.Filled)
	err   error
}

func (l *loader) fill(ctx context.Context, missing []int) ([]fragment.Filled, error) {
	l.mu.Lock()
	l.asked = append(l.asked, fmt.Sprint(missing))
	n := len(l.asked)
	l.mu.Unlock()
	time.Sleep(l.takes)
	if l.err != nil {
		return nil, l.err
	}
	filled := make([]fragment.Filled, len(missing))
	for at, i := range missing {
		filled[at].Value = fmt.Appendf(nil, "%d by %d", i, n)
		if l.edit != nil {
			l.edit(i, &filled[at])
		}
	}
	return filled, nil
}

func (l *loader) took() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.asked = nil }()
	return strings.Join(l.asked, " ")
}

func doMany(t *testing.T, c *fragment.Cache, p fragment.Policy, l *loader, ids ...int) string {
	t.Helper()
	answers, err := c.DoMany(t.Context(), keysOf(ids...), p, l.fill)
	must(t, err)
	var out []string
	for _, a := range answers {
		if a.Err != nil {
			out = append(out, "!"+a.Err.Error())
			continue
		}
		out = append(out, string(a.Value))
	}
	return strings.Join(out, ", ")
}

func TestDoManyOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := t.Context(), &loader{}
		c := open(t, &able{local: local{newMemory()}}, fragment.Options{})
		p := fragment.Policy{TTL: time.Second, RetryAfter: -1, Tags: []string{"all"}}
		for _, s := range []struct {
			step      string
			do        func()
			ids       []int
			want, ask string
		}{
			{"nothing", nil, nil, "", ""},
			{"missing", nil, []int{1, 2}, "0 by 1, 1 by 1", "[0 1]"},
			{"a part of it", nil, []int{1, 3, 2}, "0 by 1, 1 by 1, 1 by 1", "[1]"},
			{"all there", nil, []int{3, 2, 1}, "1 by 1, 1 by 1, 0 by 1", ""},
			{"twice the same", nil, []int{4, 1, 4, 4}, "0 by 1, 0 by 1, 0 by 1, 0 by 1", "[0]"},
			{"one deleted", func() { must(t, c.Delete(ctx, keysOf(2)...)) }, []int{1, 2}, "0 by 1, 1 by 1", "[1]"},
			{"invalidated", func() { must(t, c.InvalidateTags(ctx, "all")) }, []int{1, 2}, "0 by 1, 1 by 1", "[0 1]"},
			{"expired", func() { time.Sleep(time.Second) }, []int{1, 2}, "0 by 1, 1 by 1", "[0 1]"},
			{"refreshed", func() { p.Refresh = true }, []int{1, 2}, "0 by 1, 1 by 1", "[0 1]"},
			{"a fault of all", func() { p.Refresh = false; l.err = errFill }, []int{1, 9}, "0 by 1, !" + errFill.Error(), "[1]"},
			{"not looked up", func() { p.TTL = -1; l.err = nil }, []int{1, 2, 1}, "0 by 1, 1 by 1, 0 by 1", "[0 1]"},
			{"closed", func() { p.TTL = 0; must(t, c.Close()) }, []int{1, 2}, "0 by 1, 1 by 1", "[0 1]"},
		} {
			if s.do != nil {
				s.do()
			}
			if got := doMany(t, c, p, l, s.ids...); got != s.want {
				t.Errorf("%s: %s, want %s", s.step, got, s.want)
			}
			if got := l.took(); got != s.ask {
				t.Errorf("%s: asked for %s, want %s", s.step, got, s.ask)
			}
		}
	})
}

// Each key has tags, a life, an error and a place of its own.
func TestDoManyOfEachItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, c := t.Context(), fresh(t, fragment.Options{})
		l := &loader{edit: func(i int, f *fragment.Filled) {
			switch i {
			case 0:
				f.Tags = []string{"zero"}
			case 1:
				f.TTL = time.Second
			case 2:
				f.Err = fmt.Errorf("2: %w", fragment.ErrNotFound)
			case 3:
				f.Err = errFill
			case 4:
				f.Skip = "dull"
			case 5:
				f.TTL = -1
			}
		}}
		outer := fragment.KeyOf("outer")
		wantDo(t, c, outer, fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
			_, err := c.DoMany(ctx, keysOf(0, 1, 2, 6), fragment.Policy{TTL: time.Minute}, l.fill)
			return nil, err
		}, "")
		if left, _, _ := c.TTL(ctx, outer); left != time.Second {
			t.Errorf("the entry around lives %v, want as long as the shortest part", left)
		}
		if got, want := doMany(t, c, fragment.Policy{TTL: time.Minute}, l, 0, 1, 2, 3, 4, 5, 6), "0 by 1, 1 by 1, !2: not found, !"+errFill.Error()+", 4 by 2, 5 by 2, 6 by 2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		l.took()
		must(t, c.InvalidateTags(ctx, "zero"))
		wantGet(t, c, outer, "-")
		time.Sleep(time.Second)
		doMany(t, c, fragment.Policy{TTL: time.Minute}, l, 0, 1, 2, 3, 4, 5, 6)
		if got := l.took(); got != "[0 1 3 4 5]" {
			t.Errorf("asked for %s", got)
		}
	})
}

// What is being filled is waited for, by whichever way it is asked for.
func TestDoManyAndDoFillOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := fresh(t, fragment.Options{}), &loader{takes: time.Second}
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, keysOf(1)[0], fragment.Policy{}, takes(2*time.Second, "by Do"), "by Do") })
		synctest.Wait()
		wg.Go(func() {
			if got := doMany(t, c, fragment.Policy{}, l, 1, 2, 3); got != "by Do, 1 by 1, 2 by 1" {
				t.Errorf("got %s", got)
			}
		})
		synctest.Wait()
		wg.Go(func() { wantDo(t, c, keysOf(3)[0], fragment.Policy{}, give("not run"), "2 by 1") })
		wg.Go(func() {
			if got := doMany(t, c, fragment.Policy{}, l, 4, 3, 2, 1); got != "0 by 2, 2 by 1, 1 by 1, by Do" {
				t.Errorf("got %s", got)
			}
		})
		wg.Wait()
		if got := l.took(); got != "[1 2] [0]" {
			t.Errorf("asked for %s", got)
		}
	})
}

// Two who want the same in opposite orders do not hold each other up.
func TestDoManyInOppositeOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, start := fresh(t, fragment.Options{}), time.Now()
		ids := []int{1, 2, 3, 4, 5, 6}
		together(20, func(i int) {
			own := slices.Clone(ids[i%4:])
			if i%2 == 0 {
				slices.Reverse(own)
			}
			doMany(t, c, fragment.Policy{}, &loader{takes: time.Second}, own...)
		})
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("they took %v", d)
		}
	})
}

// Stale ones are served at once, and refilled together in the background.
func TestDoManyDetached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := fresh(t, fragment.Options{}), &loader{}
		doMany(t, c, detached, l, 1, 2, 3)
		l.took()
		time.Sleep(time.Second)
		wantDo(t, c, keysOf(2)[0], staleMinute, give("fresh"), "fresh")
		l.takes = time.Second
		start := time.Now()
		if got := doMany(t, c, detached, l, 1, 2, 3); got != "0 by 1, fresh, 2 by 1" || time.Since(start) != 0 {
			t.Errorf("got %s after %v", got, time.Since(start))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := l.took(); got != "[0 2]" {
			t.Errorf("asked for %s", got)
		}
		wantGet(t, c, keysOf(3)[0], "2 by 1")

		time.Sleep(2 * time.Second)
		p := detached
		p.FillSoftTimeout = 2 * time.Second
		if got := doMany(t, c, p, l, 1, 3); got != "0 by 1, 1 by 1" {
			t.Errorf("with patience: %s", got)
		}
		l.err = errFill
		time.Sleep(2 * time.Second)
		p.Detach = false
		if got := doMany(t, c, p, l, 1, 3); got != "0 by 1, 1 by 1" {
			t.Errorf("where the refill fails: %s", got)
		}
	})
}
