package redisbackend_test

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/redisbackend"
)

func TestMissedMessagesAreFoundOut(t *testing.T) {
	const second = time.Second
	type step struct {
		at     time.Duration
		number uint64 // 0: a look at what is overdue
		want   bool
	}
	for name, steps := range map[string][]step{
		"in order":                   {{0, 1, false}, {0, 2, false}, {5 * second, 3, false}, {6 * second, 0, false}},
		"known from its first":       {{0, 1, false}},
		"not known from its first":   {{0, 7, true}, {0, 8, false}, {second, 0, false}},
		"overtaken":                  {{0, 1, false}, {0, 3, false}, {0, 2, false}, {3 * second, 0, false}},
		"overtaken by many":          {{0, 1, false}, {0, 5, false}, {0, 3, false}, {0, 4, false}, {0, 2, false}, {3 * second, 0, false}},
		"not yet overdue":            {{0, 1, false}, {0, 3, false}, {second / 2, 0, false}},
		"lost":                       {{0, 1, false}, {0, 3, false}, {2 * second, 0, true}, {3 * second, 0, false}, {3 * second, 4, false}, {6 * second, 0, false}},
		"lost twice":                 {{0, 1, false}, {0, 3, false}, {0, 5, false}, {2 * second, 0, true}, {2 * second, 6, false}, {2 * second, 8, false}, {4 * second, 0, true}},
		"one of two comes":           {{0, 1, false}, {0, 4, false}, {0, 2, false}, {2 * second, 0, true}},
		"twice the same":             {{0, 1, false}, {0, 1, false}, {0, 2, false}, {2 * second, 0, false}},
		"late, when it was given up": {{0, 1, false}, {0, 3, false}, {2 * second, 0, true}, {2 * second, 2, false}, {4 * second, 0, false}},
		"gone":                       {{0, 1, false}, {9 * second, 0, false}, {11 * second, 0, true}, {30 * second, 0, false}, {31 * second, 2, true}},
	} {
		t.Run(name, func(t *testing.T) {
			senders, start := redisbackend.NewSenders(), time.Now()
			for i, s := range steps {
				var got bool
				if s.number == 0 {
					got = senders.Overdue(start.Add(s.at))
				} else {
					got = senders.Missed("one", s.number, start.Add(s.at))
				}
				if got != s.want {
					t.Errorf("step %d, %+v: got %v", i, s, got)
				}
			}
		})
	}
}

func TestSendersAreBounded(t *testing.T) {
	senders, now := redisbackend.NewSenders(), time.Now()
	senders.Missed("one", 1, now)
	missed := false
	for i := range 100_000 {
		missed = senders.Missed("one", uint64(2*i+4), now) || missed
		senders.Missed(string(rune(i)), 1, now)
	}
	if !missed {
		t.Error("100,000 numbers that are missing are all waited for")
	}
	if n := senders.Held(); n > 30_000 {
		t.Errorf("got %d senders and numbers held, want a bound", n)
	}
}
