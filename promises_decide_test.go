package pongocache_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var deciding = chapter{"What a fill decides", []promise{
	{says: "SetTTL replaces the TTL", story: setTTL,
		policy: fragment.Policy{TTL: time.Minute}},
	{says: "LimitTTL shortens it, and prolongs nothing", story: limitTTL,
		policy: fragment.Policy{TTL: time.Minute}},
	{says: "DoNotStore, SkipStore and no time to live are not stored", story: notStored},
	{says: "a tag that nobody could invalidate is not stored", story: badTag},
	{says: "a value above MaxValue is served and not stored", story: tooLarge,
		cache: fragment.Options{MaxValue: 1000}},
	{says: "a value is stored although its caller has left", story: storedWithoutCaller,
		except: map[string]string{onPage: halfPage}},
	{says: "an error is passed on, and nothing is stored", story: errorIsPassedOn},
	{says: "ErrorTTL gives it to those who ask next", story: errorIsKept,
		policy: fragment.Policy{ErrorTTL: 5 * time.Second}},
	{says: "ErrNotFound is an answer, and kept for NotFoundTTL", story: notFoundIsKept,
		policy: fragment.Policy{TTL: time.Hour, Stale: time.Hour, NotFoundTTL: 10 * time.Second},
		except: map[string]string{onTag: onlyText, onPage: ownFailure}},
	{says: "one that is not kept replaces what was there", story: notFoundReplaces,
		policy: fragment.Policy{TTL: time.Second, Stale: time.Hour, NotFoundTTL: -1},
		except: map[string]string{onTag: onlyText, onPage: ownFailure}},
}}

func setTTL(w *world) {
	for _, ttl := range []time.Duration{5 * time.Millisecond, time.Hour} {
		x := ttl.String()
		w.want(x, says(give("old"), func(ctx context.Context) { fragment.SetTTL(ctx, ttl) }), "old")
		time.Sleep(ttl - 1)
		w.want(x, w.never, "old")
		time.Sleep(time.Nanosecond)
		w.want(x, give("new"), "new")
	}
}

func limitTTL(w *world) {
	for limit, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: time.Minute} {
		x := limit.String()
		w.want(x, says(give("old"), func(ctx context.Context) { fragment.LimitTTL(ctx, limit) }), "old")
		time.Sleep(want - 1)
		w.want(x, w.never, "old")
		time.Sleep(time.Nanosecond)
		w.want(x, give("new"), "new")
	}
}

// wantNotStored requires that what f returns is served and not stored, for a
// reason.
func (w *world) wantNotStored(why string, f fill) {
	w.Helper()
	w.seen.Reset()
	for range 2 {
		value, err := f(context.Background())
		w.must(err)
		w.want(why, f, value)
	}
	w.seen.Filled(thing).Times(w, 2)
	w.seen.NotStored(thing, why).Times(w, 2)
	w.seen.Stored(thing).Never(w)
}

func notStored(w *world) {
	for why, say := range map[string]func(context.Context){
		"personal": func(ctx context.Context) { fragment.DoNotStore(ctx, "personal") },
		"half":     func(ctx context.Context) { fragment.SkipStore(ctx, "half") },
		"expired":  func(ctx context.Context) { fragment.SetTTL(ctx, -1) },
		"it expir": func(ctx context.Context) { fragment.LimitTTL(ctx, 0) },
	} {
		w.wantNotStored(why, says(give("own"), say))
	}
}

func badTag(w *world) {
	w.wantNotStored("a tag has no space", says(give("own"), func(ctx context.Context) { fragment.AddTags(ctx, "two words") }))
}

func tooLarge(w *world) {
	w.wantNotStored("too large", give(strings.Repeat("large ", 1000)))
	w.want("small", give("small"), "small")
	w.want("small", w.never, "small")
}

func storedWithoutCaller(w *world) {
	ctx, leave := context.WithCancel(w.Context())
	value, err := w.ask(ctx, "x", says(give("v"), func(context.Context) { leave() }))
	if value != "v" || err != nil {
		w.Errorf("got %q, %v, want what the fill returned", value, err)
	}
	w.want("x", w.never, "v")
}

func errorIsPassedOn(w *world) {
	for range 2 {
		w.wantErr("x", fails, errFill)
	}
	w.seen.Filled(thing).Times(w, 2)
	w.want("x", give("v"), "v")
}

func errorIsKept(w *world) {
	w.wantErr("x", fails, errFill)
	time.Sleep(w.policy.ErrorTTL - 1)
	w.wantErr("x", w.never, errFill)
	time.Sleep(time.Nanosecond)
	w.want("x", give("v"), "v")
}

var errNoThing = fmt.Errorf("there is no thing: %w", fragment.ErrNotFound)

// finds is a fill that finds nothing.
func findsNothing(context.Context) (string, error) { return "", errNoThing }

func (w *world) wantNotFound(f fill) {
	w.Helper()
	w.wantErr("x", f, fragment.ErrNotFound)
	if _, err := w.ask(w.Context(), "x", f); err.Error() != errNoThing.Error() {
		w.Errorf("got the text %q, want %q", err, errNoThing)
	}
}

func notFoundIsKept(w *world) {
	w.wantNotFound(findsNothing)
	w.seen.Filled(thing).Once(w)
	time.Sleep(w.policy.NotFoundTTL - 1)
	w.wantNotFound(w.never)
	time.Sleep(time.Nanosecond)
	w.wantErr("x", fails, errFill) // it is never stale
	w.want("x", give("v"), "v")
}

func notFoundReplaces(w *world) {
	w.old("x")
	w.wantErr("x", findsNothing, fragment.ErrNotFound)
	w.wantErr("x", fails, errFill)
}
