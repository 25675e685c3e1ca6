package fragment_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A journal is a log of lines without their time.
type journal struct{ text bytes.Buffer }

func (j *journal) at(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(&j.text, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// take returns the lines since the last take.
func (j *journal) take() []string {
	text := strings.TrimSuffix(j.text.String(), "\n")
	j.text.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Each kind has its level, one message, and those of its fields that are not zero.
func TestLogTellsWhatHappened(t *testing.T) {
	for _, c := range []struct {
		event fragment.Event
		want  string
	}{
		{fragment.Event{Kind: fragment.EventHit, Cache: "pages", Name: "home", Size: 5}, `level=DEBUG msg="cache hit" cache=pages name=home size=5`},
		{fragment.Event{Kind: fragment.EventMiss, Name: "home"}, `level=DEBUG msg="cache miss" name=home`},
		{fragment.Event{Kind: fragment.EventFill, Name: "home", Size: 5, Duration: time.Second}, `level=DEBUG msg="cache fill" name=home duration=1s size=5`},
		{fragment.Event{Kind: fragment.EventFill, Name: "home", Err: errFill}, `level=DEBUG msg="cache fill" name=home err="the fill failed"`},
		{fragment.Event{Kind: fragment.EventWait, Duration: time.Second}, `level=DEBUG msg="cache wait" duration=1s`},
		{fragment.Event{Kind: fragment.EventStore, Size: 1}, `level=DEBUG msg="cache store" size=1`},
		{fragment.Event{Kind: fragment.EventSkip, Reason: "private"}, `level=DEBUG msg="cache skip" reason=private`},
		{fragment.Event{Kind: fragment.EventSkip, Cache: "c", Reason: "r", Err: fragment.ErrClosed}, `level=WARN msg="cache skip" cache=c reason=r err="fragment: the cache is closed"`},
		{fragment.Event{Kind: fragment.EventInvalidate, Reason: "tags", Tags: []string{"a", "b"}}, `level=DEBUG msg="cache invalidate" reason=tags tags="[a b]"`},
		{fragment.Event{Kind: fragment.EventStale, Reason: "another caller refills"}, `level=DEBUG msg="cache stale" reason="another caller refills"`},
		{fragment.Event{Kind: fragment.EventStale, Reason: "the refill failed", Err: errFill}, `level=INFO msg="cache stale" reason="the refill failed" err="the fill failed"`},
		{fragment.Event{Kind: fragment.EventStale, Err: fmt.Errorf("query: %w", context.Canceled)}, `level=DEBUG msg="cache stale" err="query: context canceled"`},
		{fragment.Event{Kind: fragment.EventFault, Reason: "get", Err: errDisk}, `level=WARN msg="cache fault" reason=get err="disk on fire"`},
		{fragment.Event{Kind: fragment.EventBreaker, Reason: "open"}, `level=WARN msg="cache breaker" reason=open`},
		{fragment.Event{Kind: 200}, `level=DEBUG msg="cache unknown"`},
	} {
		var j journal
		fragment.LogTo(j.at(slog.LevelDebug))(t.Context(), c.event)
		if got := strings.Join(j.take(), "\n"); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.event, got, c.want)
		}
	}
}

// A cache's life in the log, with no part of a key in it.
func TestLogOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		c, k := fresh(t, fragment.Options{Observe: fragment.LogTo(j.at(slog.LevelDebug))}), fragment.KeyOf("k", secret)
		for _, s := range []struct {
			step string
			do   func()
			want []string
		}{
			{"first", func() { wantDo(t, c, k, staleMinute, takes(time.Second, "v"), "v") }, []string{
				`level=DEBUG msg="cache miss" name=k`,
				`level=DEBUG msg="cache fill" name=k duration=1s size=1`,
				`level=DEBUG msg="cache store" name=k duration=1s size=1`}},
			{"hit", func() { wantDo(t, c, k, staleMinute, give(""), "v") }, []string{`level=DEBUG msg="cache hit" name=k size=1`}},
			{"stale", func() { time.Sleep(time.Second); wantDo(t, c, k, staleMinute, fails, "v") }, []string{
				`level=DEBUG msg="cache fill" name=k err="the fill failed"`,
				`level=INFO msg="cache stale" name=k reason="the refill failed" err="the fill failed" size=1`}},
			{"tags", func() { must(t, c.InvalidateTags(t.Context(), "a")) }, []string{`level=DEBUG msg="cache invalidate" reason=tags tags=[a]`}},
		} {
			s.do()
			got := j.take()
			if !reflect.DeepEqual(got, s.want) {
				t.Errorf("%s:\n got %q\nwant %q", s.step, got, s.want)
			}
			if strings.Contains(strings.Join(got, "\n"), secret) {
				t.Errorf("%s: a part of a key is logged", s.step)
			}
		}
	})
}

// A cache that is only declared is a mistake of the program.
func TestLogWarnsOfACacheThatIsNotOpen(t *testing.T) {
	var j journal
	r := fragment.Registry{Observe: fragment.LogTo(j.at(slog.LevelWarn))}
	for range 3 {
		wantDo(t, r.Cache("pages"), body, fragment.Policy{}, give("v"), "v")
	}
	if got := j.take(); len(got) != 1 || !strings.Contains(got[0], "cache=pages") || !strings.Contains(got[0], "Registry.Open") {
		t.Errorf("logged %q, want one line that names the cache and what to do", got)
	}
}

func TestLogWithoutALogger(t *testing.T) {
	var j journal
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(j.at(slog.LevelInfo))
	fragment.LogTo(nil)(t.Context(), fragment.Event{Kind: fragment.EventFault})
	if got := j.take(); len(got) != 1 {
		t.Errorf("logged %q, want one line", got)
	}
}

// The handler gets the ctx of the event, and tags that stay as they are.
func TestLogHandsOnWhatAHandlerMayKeep(t *testing.T) {
	type key struct{}
	h := new(keeping)
	tags := []string{"a", "b"}
	ctx := context.WithValue(t.Context(), key{}, "request 1")
	fragment.LogTo(slog.New(h))(ctx, fragment.Event{Kind: fragment.EventInvalidate, Tags: tags})
	tags[0] = "changed"
	if h.ctx == nil || h.ctx.Value(key{}) != "request 1" {
		t.Error("the handler was not given the ctx of the event")
	}
	h.record.Attrs(func(a slog.Attr) bool {
		if got := fmt.Sprint(a.Value.Any()); got != "[a b]" {
			t.Errorf("the handler kept %s=%s, want tags=[a b]", a.Key, got)
		}
		return true
	})
}

// keeping is a handler that keeps the last record.
type keeping struct {
	slog.Handler
	ctx    context.Context
	record slog.Record
}

func (*keeping) Enabled(context.Context, slog.Level) bool { return true }

func (k *keeping) Handle(ctx context.Context, r slog.Record) error {
	k.ctx, k.record = ctx, r
	return nil
}
