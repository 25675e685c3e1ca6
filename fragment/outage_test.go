package fragment_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A lease that could not be given back, because the connection was cut at that
// moment, keeps nobody waiting once there is one again.
func TestLeaseIsGivenBackLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, p.caches[0], k, withTags(), func(context.Context) ([]byte, error) {
			p.conns[0].Cut()
			return []byte("not stored"), nil
		}, "not stored")
		p.conns[0].Mend()
		start := time.Now()
		wantDo(t, p.caches[1], k, withTags(), give("v"), "v")
		if d := time.Since(start); d > time.Second {
			t.Errorf("the other process waited for %v for a fill that has ended", d)
		}
	})
}

// Nor does one that was taken by a call whose answer got lost.
func TestLeaseOfALostAnswerIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults fragmenttest.Faults
		server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
		here, there := open(t, faults.Wrap(server.Connect()), fragment.Options{}), open(t, server.Connect(), fragment.Options{})
		faults.Inject(fragmenttest.Fault{Does: fragmenttest.FailLate, On: fragmenttest.Leases, Times: 1})
		wantDo(t, here, k, withTags(), func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "so that another one has to fill")
			return []byte("v"), nil
		}, "v")
		start := time.Now()
		wantDo(t, there, k, withTags(), give("w"), "w")
		if d := time.Since(start); d > time.Second {
			t.Errorf("the other process waited for %v for a fill that has ended", d)
		}
	})
}

// A page that hangs in a write, and those who wait for it, go on as soon as others
// have found out that it is in vain.
func TestOpeningEndsCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		c := p.caches[0]
		wantDo(t, c, fragment.KeyOf("before"), withTags(), give("v"), "v") // there are stamps
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			wantDo(t, c, k, withTags(), func(context.Context) ([]byte, error) {
				p.server.Hang()
				return []byte("v"), nil
			}, "v")
			if d := time.Since(start); d > 3*readBudget {
				t.Errorf("the page that hung in a write took %v, want %v", d, 3*readBudget)
			}
		})
		synctest.Wait()
		for range 3 { // which are found out one after the other
			together(10, func(i int) { wantDo(t, c, fragment.KeyOf("other", i), withTags(), give("w"), "w") })
		}
		all.Wait()
		if d := time.Since(start); d > 3*readBudget {
			t.Errorf("all took %v, want %v", d, 3*readBudget)
		}
		p.seen.Faulted("k", "went down meanwhile").Await(t)
	})
}

// A backend that is slower than reads may be stays left alone: were it tried by the
// budget of a write, the next reads would wait for it in vain.
func TestSlowBackendStaysLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults fragmenttest.Faults
		seen, k := new(fragmenttest.Recorder), fragment.KeyOf("k")
		c := open(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{Observe: seen.Observe})
		faults.Inject(fragmenttest.Fault{Does: fragmenttest.Delay, For: 2 * readBudget})
		for range 5 {
			wantGet(t, c, k, "-")
		}
		time.Sleep(time.Minute)
		wantBreaker(t, seen, "open")
		faults.Stop()
		time.Sleep(2 * time.Second)
		wantBreaker(t, seen, "open", "half open", "closed")
	})
}

// mistyped is a server that holds something of another type under some keys, as
// Redis can: it is there, and cannot be read.
type mistyped struct {
	*fragmenttest.Conn
	keys sync.Map
}

func (m *mistyped) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if _, is := m.keys.Load(key); is {
		return nil, false, errors.New("it is of another type")
	}
	return m.Conn.Get(ctx, key)
}

func (m *mistyped) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found, err := m.Conn.GetMany(ctx, keys)
	for _, key := range keys {
		if _, is := m.keys.Load(key); is {
			delete(found, key)
		}
	}
	return found, err
}

func (m *mistyped) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	m.keys.Delete(key)
	return m.Conn.Set(ctx, key, value, ttl)
}

// What another program left under the key of a stamp is replaced, also if it cannot
// be read; else nothing could be stored any more.
func TestStampOfAnotherTypeIsReplaced(t *testing.T) {
	for _, stamp := range []string{"!clear", "!epoch"} {
		server := fragmenttest.NewServer()
		server.Put(stamp, []byte("of another program"))
		b := &mistyped{Conn: server.Connect()}
		b.keys.Store(stamp, true)
		c, k := open(t, b, fragment.Options{}), fragment.KeyOf("k")
		for range 3 {
			c.Do(t.Context(), k, withTags("t"), give("v"))
		}
		if got, ok, err := c.Get(t.Context(), k); string(got) != "v" || !ok || err != nil {
			t.Errorf("%s: got %q, %v, error %v, want that it is stored", stamp, got, ok, err)
		}
	}
}
