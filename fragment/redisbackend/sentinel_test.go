package redisbackend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// watched starts a master, a replica of it and three sentinels that watch them.
func watched(t testing.TB) (master, replica *servers.Server, sentinels []*servers.Server) {
	t.Helper()
	const password = "s3cret"
	login := []string{"--requirepass", password, "--masterauth", password, "--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0"}
	master = servers.Redis(t, login...)
	replica = servers.Redis(t, append(login, "--replicaof", "127.0.0.1 "+servers.Port(master.Addr))...)
	for range 3 {
		sentinels = append(sentinels, sentinel(t, master.Addr, password))
	}
	for _, s := range sentinels {
		eventually(t, "a sentinel knows the others and the replica", func() bool {
			text := info(t, s.Addr, "INFO sentinel")
			return strings.Contains(text, "status=ok") && strings.Contains(text, "slaves=1,sentinels=3")
		})
	}
	return master, replica, sentinels
}

func sentinel(t testing.TB, master, password string) *servers.Server {
	t.Helper()
	servers.Require(t, "redis-server", "redis-server")
	addr := servers.FreeAddr(t)
	lines := []string{
		"port " + servers.Port(addr), "bind 127.0.0.1",
		"sentinel monitor shop 127.0.0.1 " + servers.Port(master) + " 2",
		"sentinel auth-pass shop " + password,
		"sentinel down-after-milliseconds shop 500", "sentinel failover-timeout shop 3000",
	}
	file := filepath.Join(t.TempDir(), "sentinel.conf") // which it writes to
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return servers.Start(t, addr, nil, "redis-server", file, "--sentinel")
}

func guarded(t testing.TB, sentinels []*servers.Server, o redisbackend.Options) *redisbackend.Backend {
	t.Helper()
	b, err := redisbackend.Dial(rueidis.ClientOption{
		InitAddress: addrs(sentinels), Password: "s3cret", Sentinel: rueidis.SentinelOption{MasterSet: "shop"},
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	master, replica, sentinels := watched(t)
	t.Run("url", func(t *testing.T) {
		hosts := strings.Join(addrs(sentinels), ",")
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
