package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A fill may choose another TTL than its policy, and what limits it still does.
func TestSetTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{})
		for i, s := range []struct {
			say  func(ctx context.Context)
			want time.Duration
		}{
			{func(ctx context.Context) { fragment.SetTTL(ctx, time.Hour) }, time.Hour},
			{func(ctx context.Context) { fragment.SetTTL(ctx, fragment.Forever) }, fragment.Forever},
			{func(ctx context.Context) { fragment.SetTTL(ctx, 0) }, time.Minute},
			{func(ctx context.Context) { fragment.SetTTL(ctx, -1) }, 0},
			{func(ctx context.Context) { fragment.SetTTL(ctx, time.Hour); fragment.SetTTL(ctx, time.Second) }, time.Second},
			{func(ctx context.Context) { fragment.LimitTTL(ctx, time.Second); fragment.SetTTL(ctx, time.Hour) }, time.Second},
		} {
			k := fragment.KeyOf("k", i)
			wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, func(ctx context.Context) ([]byte, error) {
				s.say(ctx)
				return nil, nil
			}, "")
			if left, ok, _ := c.TTL(t.Context(), k); left != s.want || ok != (s.want > 0) {
				t.Errorf("%d: %v left (%t), want %v", i, left, ok, s.want)
			}
		}
		fragment.SetTTL(t.Context(), time.Second) // outside of a fill: nothing
	})
}

// SkipStore is about one entry, where DoNotStore is about all around it.
func TestSkipStore(t *testing.T) {
	var w watcher
	c, inner, outer := fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("inner"), fragment.KeyOf("outer")
	wantDo(t, c, outer, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		return c.Do(ctx, inner, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			fragment.SkipStore(ctx, "dull")
			fragment.SkipStore(ctx, "duller")
			return []byte("v"), nil
		})
	}, "v")
	wantGet(t, c, inner, "-")
	wantGet(t, c, outer, "v")
	if told := w.events(fragment.EventSkip); len(told) != 1 || told[0].Reason != "dull" {
		t.Errorf("told %+v, want the first reason", told)
	}
	fragment.SkipStore(t.Context(), "outside") // of a fill: nothing
}
