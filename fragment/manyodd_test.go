package fragment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func TestDoManyThatPanics(t *testing.T) {
	c := fresh(t, fragment.Options{})
	p := panicOf(func() {
		c.DoMany(t.Context(), keysOf(1, 2), fragment.Policy{}, func(context.Context, []int) ([]fragment.Filled, error) { panic("oh no") })
	})
	if p != "oh no" {
		t.Errorf("recovered %v", p)
	}
	if got := doMany(t, c, fragment.Policy{}, &loader{}, 1, 2); got != "0 by 1, 1 by 1" {
		t.Errorf("after the panic: %s", got)
	}
}

func TestDoManyRefuses(t *testing.T) {
	c := fresh(t, fragment.Options{})
	_, err := c.DoMany(t.Context(), keysOf(1), fragment.Policy{}, nil)
	wantErr(t, "no fill", err, fragment.ErrNilFill)
	_, err = c.DoMany(t.Context(), []fragment.Key{keysOf(1)[0], {}}, fragment.Policy{}, (&loader{}).fill)
	if err == nil {
		t.Error("an invalid key is taken")
	}
	answers, err := c.DoMany(t.Context(), keysOf(1, 2), fragment.Policy{}, func(context.Context, []int) ([]fragment.Filled, error) {
		return make([]fragment.Filled, 1), nil
	})
	if err != nil || len(answers) != 2 || answers[0].Err == nil || !strings.Contains(answers[1].Err.Error(), "1 answers for 2 keys") {
		t.Errorf("too few answers: %+v, %v", answers, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answers, _ = c.DoMany(ctx, keysOf(3), fragment.Policy{}, func(ctx context.Context, _ []int) ([]fragment.Filled, error) { return nil, ctx.Err() })
	if !errors.Is(answers[0].Err, context.Canceled) {
		t.Errorf("a caller who left: %v", answers[0].Err)
	}
}
