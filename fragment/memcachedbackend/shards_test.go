package memcachedbackend_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// A trio is three servers, and two processes that have them in different orders.
type trio struct {
	*testing.T
	servers []*servers.Server
	caches  []*fragment.Cache
	seen    [2]fragmenttest.Recorder
}

func newTrio(t *testing.T) *trio {
	three := &trio{T: t}
	var addrs []string
	for range 3 {
		s := servers.Memcached(t)
		three.servers, addrs = append(three.servers, s), append(addrs, s.Addr)
	}
	for i := range three.seen {
		c, err := fragment.New(opened(t, memcachedbackend.Options{}, addrs...), fragment.Options{Prefix: "trio", Observe: three.seen[i].Observe})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		three.caches = append(three.caches, c)
		slices.Reverse(addrs)
	}
	return three
}

const (
	trioKeys = 100
	trioTags = 30
)

var lasting = fragment.Policy{TTL: time.Hour}

func plainKey(i int) fragment.Key  { return fragment.KeyOf("plain", i) }
func taggedKey(i int) fragment.Key { return fragment.KeyOf("tagged", i) }
func tagNo(i int) string           { return fmt.Sprint("tag", i) }

// fill asks one process for everything, and requires answers.
func (three *trio) fill(process int, value string) {
	three.Helper()
	give := func(context.Context) ([]byte, error) { return []byte(value), nil }
	for i := range trioKeys {
		if got, err := three.caches[process].Do(ctx, plainKey(i), lasting, give); err != nil || len(got) == 0 {
			three.Fatalf("Do: got %q, error %v, want an answer", got, err)
		}
	}
	for i := range trioTags {
		p := fragment.Policy{TTL: time.Hour, Tags: []string{tagNo(i)}}
		if got, err := three.caches[process].Do(ctx, taggedKey(i), p, give); err != nil || len(got) == 0 {
			three.Fatalf("Do: got %q, error %v, want an answer", got, err)
		}
	}
}

// hits are the plain keys that a process finds.
func (three *trio) hits(process int) (n int) {
	three.Helper()
	for i := range trioKeys {
		if _, ok, err := three.caches[process].Get(ctx, plainKey(i)); err != nil {
			three.Errorf("Get: %v", err)
		} else if ok {
			n++
		}
	}
	return n
}

// begins waits until both processes leave a server alone that has just failed.
func (three *trio) begins() {
	three.Helper()
	var both sync.WaitGroup
	for process := range three.caches {
		three.seen[process].Take()
		began := time.Now()
		both.Go(func() {
			for len(three.seen[process].Events(fragment.EventBreaker)) == 0 && time.Since(began) < 5*time.Second {
				three.hits(process)
			}
			three.Logf("process %d: looked until the breaker opened, for %v", process, time.Since(began).Round(time.Millisecond))
		})
	}
	both.Wait()
	for process := range three.caches {
		if len(three.seen[process].Events(fragment.EventBreaker)) == 0 {
			three.Fatalf("process %d: no breaker opened within 5s", process)
		}
	}
}

// livesOn requires that what lies on the other servers is served, stored and
// invalidated. It returns the tags that could not be.
func (three *trio) livesOn() (owed []int) {
	three.Helper()
	for process := range three.caches {
		began := time.Now()
		if n := three.hits(process); n < trioKeys/2 || n == trioKeys {
			three.Errorf("process %d: got %d hits of %d with one server of three away, want about two thirds", process, n, trioKeys)
		} else if took := time.Since(began); took > time.Second {
			three.Errorf("process %d: %d lookups took %v with one server left alone", process, trioKeys, took)
		}
	}
	stored := 0
	for i := range trioKeys {
		k := fragment.KeyOf("new", i, time.Now().UnixNano())
		three.caches[0].Do(ctx, k, lasting, func(context.Context) ([]byte, error) { return []byte("new"), nil })
		if _, ok, _ := three.caches[1].Get(ctx, k); ok {
			stored++
		}
	}
	if stored < trioKeys/2 {
		three.Errorf("got %d new entries of %d stored with one server of three away, want about two thirds", stored, trioKeys)
	}
	for i := range trioTags {
		if err := three.caches[0].InvalidateTags(ctx, tagNo(i)); err != nil {
			owed = append(owed, i)
		} else {
			three.gone(1, i)
		}
		three.gone(0, i)
	}
	if n := len(owed); n == 0 || n > trioTags*2/3 {
		three.Errorf("%d of %d tags could not be told, want about a third", n, trioTags)
	}
	return owed
}

// gone requires that a process does not find what a tag is on.
func (three *trio) gone(process, i int) {
	three.Helper()
	if got, ok, _ := three.caches[process].Get(ctx, taggedKey(i)); ok {
		three.Errorf("process %d: got %q, of a tag that was invalidated", process, got)
	}
}

// used waits until the whole is in use again, of which a server is back by now.
func (three *trio) used() {
	three.Helper()
	back := time.Now()
	await(three.T, 5*time.Second, "all keys in use", func() bool {
		three.fill(0, "back")
		return three.hits(0) == trioKeys && three.hits(1) == trioKeys
	})
	for process := range three.caches {
		for _, e := range three.seen[process].Events(fragment.EventBreaker) {
			if took := e.Start.Sub(back); e.Reason == "closed" && took > 2*time.Second {
				three.Errorf("process %d: in use again %v after the server was back, want within 2s", process, took)
			}
		}
	}
	three.Logf("all keys were in use again, and rendered, after %v", time.Since(back).Round(time.Millisecond))
}

func TestEachServerKilledInTurn(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	for i, s := range three.servers {
		await(t, 5*time.Second, "all entries", func() bool { three.fill(0, "old"); return three.hits(1) == trioKeys })
		s.Kill()
		three.begins()
		owed := three.livesOn()
		s.Restart()
		three.used()
		for _, tag := range owed {
			if got, _, _ := three.caches[1].Get(ctx, taggedKey(tag)); string(got) == "old" {
				t.Errorf("server %d: got %q, of a tag that was invalidated while it was away", i, got)
			}
		}
	}
}

func TestEachServerStoppedInTurn(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	for i, s := range three.servers {
		await(t, 5*time.Second, "all entries", func() bool { three.fill(0, "old"); return three.hits(1) == trioKeys })
		pause(t, s)
		three.begins()
		owed := three.livesOn()
		cleared := i == 2
		if cleared {
			if err := three.caches[0].Clear(ctx); err == nil {
				t.Error("Clear with a server that stands still: got no error, want one")
			}
			if n := three.hits(0); n > 0 {
				t.Errorf("got %d hits after Clear, want none", n)
			}
		}
		s.Signal(syscall.SIGCONT)
		for began := time.Now(); time.Since(began) < 2*time.Second; time.Sleep(20 * time.Millisecond) {
			for process := range three.caches {
				for _, tag := range owed {
					three.gone(process, tag)
				}
			}
			if cleared && three.hits(0)+three.hits(1) > 0 {
				t.Fatal("got hits of what was there before Clear, from a server that stood still meanwhile")
			}
		}
		if !cleared { // it has what it had
			await(t, 2*time.Second, "hits of all that was there before", func() bool { return three.hits(1) == trioKeys })
		}
		three.used()
	}
}

func TestOrderOfServersDoesNotMatterToShards(t *testing.T) {
	names := ringServers(3)
	a := opened(t, memcachedbackend.Options{}, names...)
	slices.Reverse(names)
	b := opened(t, memcachedbackend.Options{}, names...)
	for i := range 1000 {
		if x, y := a.ShardOf(ringKey(i)), b.ShardOf(ringKey(i)); x != 2-y {
			t.Fatalf("key %d is of shard %d, and of %d where the order is the other way round", i, x, y)
		}
	}
	if one := opened(t, memcachedbackend.Options{}, names[0]); len(one.Shards()) != 0 {
		t.Errorf("a Backend on one server has %d shards, want none", len(one.Shards()))
	}
}
