package pongocache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// A fill computes what is asked for.
type fill = func(context.Context) (string, error)

// never is a fill that must not run.
func (p *process) never(context.Context) (string, error) {
	p.Error("a fill ran, want none")
	return "not run", nil
}

func give(value string) fill {
	return func(context.Context) (string, error) { return value, nil }
}

// takes is a fill that returns value after d, or gives up with its ctx.
func takes(d time.Duration, value string) fill {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(d):
			return value, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

var errFill = errors.New("the fill failed")

func fails(context.Context) (string, error) { return "", errFill }

// panics is a fill that panics after a second.
func panics(context.Context) (string, error) {
	time.Sleep(time.Second)
	panic("oh no")
}

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// says is f, which first says something of what it computes.
func says(f fill, say func(context.Context)) fill {
	return func(ctx context.Context) (string, error) {
		say(ctx)
		return f(ctx)
	}
}

// counted is f, and counts its runs.
func counted(runs *atomic.Int64, f fill) fill {
	return says(f, func(context.Context) { runs.Add(1) })
}
