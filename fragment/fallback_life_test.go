package fragment_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Options.FallbackTTL is how long an entry may live in the fallback at most: what
// other processes, whose Backend is not down, invalidate meanwhile it is not told.
func TestNothingLivesInTheFallbackForLongerThanFallbackTTL(t *testing.T) {
	const most = 10 * time.Second // the default
	k := fragment.KeyOf("k")
	for what, ask := range map[string]func(ctx context.Context, c *fragment.Cache, fill func(context.Context) ([]byte, error)) ([]byte, error){
		"stale": func(ctx context.Context, c *fragment.Cache, fill func(context.Context) ([]byte, error)) ([]byte, error) {
			return c.Do(ctx, k, fragment.Policy{TTL: time.Hour, Stale: time.Hour}, fill)
		},
		"SetTTL": func(ctx context.Context, c *fragment.Cache, fill func(context.Context) ([]byte, error)) ([]byte, error) {
			return c.Do(ctx, k, fragment.Policy{TTL: time.Second}, func(ctx context.Context) ([]byte, error) {
				fragment.SetTTL(ctx, time.Hour)
				return fill(ctx)
			})
		},
		"Filled.TTL": func(ctx context.Context, c *fragment.Cache, fill func(context.Context) ([]byte, error)) ([]byte, error) {
			answers, err := c.DoMany(ctx, []fragment.Key{k}, fragment.Policy{TTL: time.Second}, func(ctx context.Context, _ []int) ([]fragment.Filled, error) {
				value, err := fill(ctx)
				return []fragment.Filled{{Value: value, TTL: time.Hour, Err: err}}, nil
			})
			return answers[0].Value, errors.Join(err, answers[0].Err)
		},
		"Touch": func(ctx context.Context, c *fragment.Cache, fill func(context.Context) ([]byte, error)) ([]byte, error) {
			value, err := c.Do(ctx, k, fragment.Policy{TTL: time.Hour, Stale: time.Hour}, fill)
			c.Touch(ctx, k, fragment.Policy{TTL: time.Hour, Stale: time.Hour})
			return value, err
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, c, _ := newFallback(t)
				p.down(c)
				got, err := ask(t.Context(), c, give("old"))
				if must(t, err); string(got) != "old" {
					t.Fatalf("got %q", got)
				}
				time.Sleep(most + time.Second)
				// Elsewhere it was invalidated just after that was filled.
				if got, _ := ask(t.Context(), c, fails); string(got) == "old" {
					t.Errorf("it is served %v after it was made, want %v at most", most+time.Second, most)
				}
			})
		})
	}
}

// The fallback's own default of Stale does not prolong that.
func TestPolicyOfTheFallbackDoesNotOutliveFallbackTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcesses(t, 1, fragment.Options{})
		p.conns = append(p.conns, p.server.Connect())
		other := fresh(t, fragment.Options{Policy: fragment.Policy{Stale: time.Hour}})
		c := open(t, p.conns[1], fragment.Options{Fallback: other})
		p.down(c)
		k := fragment.KeyOf("k")
		wantDo(t, c, k, fragment.Policy{}, give("old"), "old")
		time.Sleep(11 * time.Second)
		if got, _ := c.Do(t.Context(), k, fragment.Policy{}, fails); string(got) == "old" {
			t.Error("it is served 11 s after it was made, want 10 s at most")
		}
	})
}
