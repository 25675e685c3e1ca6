package redisbackend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func guarded(t testing.TB, sentinels []*servers.Server, o redisbackend.Options) *redisbackend.Backend {
	t.Helper()
	b, err := redisbackend.Dial(rueidis.ClientOption{
		InitAddress: servers.Addrs(sentinels), Password: "s3cret", Sentinel: rueidis.SentinelOption{MasterSet: "shop"},
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	master, replica, sentinels := servers.Sentinels(t, "shop", "s3cret")
	t.Run("url", func(t *testing.T) {
		hosts := strings.Join(servers.Addrs(sentinels), ",")
		roundTrip(t, "redis-sentinel://:s3cret@"+hosts+"/shop/3?connect=now")
		for rawURL, names := range map[string]string{
			"redis-sentinel://:s3cret@" + hosts + "/other":      "No such master",
			"redis-sentinel://:wr0ng@" + hosts + "/shop":        "WRONGPASS",
			"redis-sentinel://:s3cret@" + hosts + "/shop/16":    "database",
			"redis-sentinel://:s3cret@" + master.Addr + "/shop": "NOAUTH",
		} {
			_, err := opened(t, rawURL+"?connect=now")
			wantRefusal(t, "Open("+rawURL+")", err, names)
		}
	})
	t.Run("replicas", func(t *testing.T) {
		b := guarded(t, sentinels, redisbackend.Options{Replicas: true})
		set(t, b, "replicated", "value")
		eventually(t, "the replica has the key", func() bool {
			_, ok, err := b.Get(ctx, "replicated")
			return ok && err == nil
		})
	})
	t.Run("failover", func(t *testing.T) { sentinelFailover(t, master, replica, sentinels) })
}

func sentinelFailover(t *testing.T, master, replica *servers.Server, sentinels []*servers.Server) {
	one, two := guarded(t, sentinels, redisbackend.Options{}), guarded(t, sentinels, redisbackend.Options{})
	watching(t, one)
	ear := watching(t, two)
	ear.wantKnown(t, one, prefix+"key")
	want(t, two, prefix+"key", "value")
	ear.wantFlush(t, "the death of the master", 2*time.Second, master.Kill)
	began := time.Now()
	eventually(t, "the replica is the master", func() bool {
		return one.Set(within(t, 200*time.Millisecond), prefix+"new", []byte("value"), ttl) == nil
	})
	t.Logf("writes again after %v", time.Since(began))
	recovers(t, two, 5*time.Second)
	want(t, two, prefix+"new", "value")
	ear.wantKnown(t, one, prefix+"after")
	if got := lastOf(t, replica.Addr, "AUTH s3cret", fmt.Sprint("EXISTS ", prefix, "new")); got != ":1" {
		t.Errorf("EXISTS on the new master: got %s, want :1", got)
	}
}
