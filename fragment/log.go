package fragment

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// LogTo returns an observer, for Options.Observe or Registry.Observe, that
// writes each Event to l as one line: the message is "cache" and the kind, such
// as "cache fault"; the attributes are cache, name, reason, err, duration, size
// and tags, as far as they are not zero. A nil l is slog.Default.
//
// The levels:
//   - Warn: a fault, the circuit breaker, and a cache that is used before it is
//     opened. The pages are whole; the cache needs somebody to look after it.
//   - Info: a stale value that was served because its refill failed, unless it
//     failed because its caller left. Nobody else tells of that error.
//   - Debug: all the rest is routine, also that a fill failed, for its caller has
//     got the error, and that a value was not stored.
//
// A level for which l is not enabled costs a question to its handler and
// nothing else.
//
// A Backend that is down fails at each call. So of equal lines above Debug one
// a second is written, with the number of those left out since the one before
// it as left_out; Cache.Stats counts them all. Faults are equal that have the
// same cache and reason; stale values, the same key name as well. Of lines that
// all differ a hundred a second are written. Of the breaker nothing is left out.
//
// No line holds the parts of a key. What an error says is up to the Backend or
// the fill that it is from.
func LogTo(l *slog.Logger) func(context.Context, Event) {
	if l == nil {
		l = slog.Default()
	}
	return (&eventLog{to: l}).observe
}

type eventLog struct {
	to      *slog.Logger
	repeats repeats
}

func (l *eventLog) observe(ctx context.Context, e Event) {
	level := levelOf(&e)
	if !l.to.Enabled(ctx, level) {
		return
	}
	var leftOut int
	if level > slog.LevelDebug && e.Kind != EventBreaker {
		var ok bool
		if leftOut, ok = l.repeats.pass(lineOf(&e)); !ok {
			return
		}
	}
	l.to.LogAttrs(ctx, level, "cache "+e.Kind.String(), attrsOf(&e, leftOut)...)
}

func levelOf(e *Event) slog.Level {
	switch {
	case e.Kind == EventFault, e.Kind == EventBreaker:
		return slog.LevelWarn
	case e.Kind == EventSkip && e.Err != nil: // a cache that is not open
		return slog.LevelWarn
	case e.Kind == EventStale && e.Err != nil && !errors.Is(e.Err, context.Canceled):
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func attrsOf(e *Event, leftOut int) []slog.Attr {
	attrs := make([]slog.Attr, 0, 8)
	for _, text := range [...]struct{ key, value string }{{"cache", e.Cache}, {"name", e.Name}, {"reason", e.Reason}} {
		if text.value != "" {
			attrs = append(attrs, slog.String(text.key, text.value))
		}
	}
	if e.Shard != 0 {
		attrs = append(attrs, slog.Int("shard", e.Shard))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("err", e.Err))
	}
	if e.Duration != 0 {
		attrs = append(attrs, slog.Duration("duration", e.Duration))
	}
	if e.Size != 0 {
		attrs = append(attrs, slog.Int("size", e.Size))
	}
	if len(e.Tags) > 0 { // a handler may keep them, and they are the caller's
		attrs = append(attrs, slog.Any("tags", slices.Clone(e.Tags)))
	}
	if leftOut != 0 {
		attrs = append(attrs, slog.Int("left_out", leftOut))
	}
	return attrs
}

const (
	repeatEvery = time.Second
	maxRepeats  = 100
)

// repeats lets one of equal lines pass in each second. Lines that differ beyond
// maxRepeats in one second count as equal.
type repeats struct {
	mu   sync.Mutex
	seen map[line]*repeat // guarded by mu; one more than maxRepeats at most
}

// A line is what makes lines of the log equal.
type line struct {
	kind                EventKind
	cache, name, reason string
}

func lineOf(e *Event) line {
	l := line{kind: e.Kind, cache: e.Cache, name: e.Name, reason: e.Reason}
	if e.Kind == EventFault { // a Backend that is down fails under every name
		l.name = ""
	}
	return l
}

type repeat struct {
	written time.Time // the last line
	leftOut int       // since then
}

// pass reports whether l is to be written, and how many were left out before it.
func (r *repeats) pass(l line) (leftOut int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	one := r.of(l, now)
	if now.Sub(one.written) < repeatEvery {
		one.leftOut++
		return 0, false
	}
	leftOut, *one = one.leftOut, repeat{written: now}
	return leftOut, true
}

// of returns what is known of l. The caller holds mu.
func (r *repeats) of(l line, now time.Time) *repeat {
	if one := r.seen[l]; one != nil {
		return one
	}
	if len(r.seen) >= maxRepeats {
		maps.DeleteFunc(r.seen, func(_ line, one *repeat) bool { return now.Sub(one.written) >= repeatEvery })
	}
	if len(r.seen) >= maxRepeats {
		l = line{}
	}
	if r.seen == nil {
		r.seen = make(map[line]*repeat)
	}
	if r.seen[l] == nil {
		r.seen[l] = new(repeat)
	}
	return r.seen[l]
}
