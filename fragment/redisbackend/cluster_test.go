package redisbackend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func clustered(t testing.TB, nodes []*servers.Server, o redisbackend.Options) *redisbackend.Backend {
	t.Helper()
	b, err := redisbackend.Dial(rueidis.ClientOption{InitAddress: servers.Addrs(nodes)}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

const masters = servers.ClusterMasters

func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := servers.Cluster(t)
	t.Run("suite", func(t *testing.T) {
		backendtest.Run(t, backendtest.Harness{
			Open: func(t testing.TB) fragment.Backend {
				for _, node := range nodes[:masters] {
					command(t, node.Addr, "FLUSHALL")
				}
				return reached(t, clustered(t, nodes, redisbackend.Options{MaxValue: 1 << 20}))
			},
			MaxValue: 1 << 20, TooLarge: 1<<20 + 1,
		})
	})
	t.Run("url", func(t *testing.T) {
		roundTrip(t, "redis-cluster://"+strings.Join(servers.Addrs(nodes[1:3]), ",")+"?connect=now")
		_, err := opened(t, "redis://"+nodes[0].Addr+"?connect=now")
		if err != nil {
			t.Errorf("Open of a single node: %v, want that the node is found to be one when it is used", err)
		}
		single := dialed(t, nodes[0].Addr, redisbackend.Options{})
		err = nil
		for i := 0; err == nil && i < 100; i++ {
			err = single.Set(ctx, fmt.Sprint("key", i), nil, ttl)
		}
		wantRefusal(t, "Set on a single node", err, "redis-cluster://")
	})
	t.Run("prefix", func(t *testing.T) { clusterPrefix(t, nodes) })
	t.Run("replicas", func(t *testing.T) { clusterReplicas(t, nodes) })
	for name, o := range modes {
		t.Run("watch by "+name, func(t *testing.T) { clusterWatch(t, nodes, o) })
	}
	t.Run("failover", func(t *testing.T) { clusterFailover(t, nodes) }) // it is the last
}

func clusterPrefix(t *testing.T, nodes []*servers.Server) {
	b := clustered(t, nodes, redisbackend.Options{})
	items, keys := make(map[string][]byte), []string(nil)
	for i := range 2000 {
		keys = append(keys, fmt.Sprint("doomed:", i), fmt.Sprint("kept:", i))
	}
	for _, key := range keys {
		items[key] = []byte(key)
	}
	if err := b.SetMany(ctx, items, ttl); err != nil {
		t.Fatal(err)
	}
	if found, err := b.GetMany(ctx, keys); len(found) != len(keys) || err != nil {
		t.Errorf("GetMany: got %d, error %v, want %d", len(found), err, len(keys))
	}
	if err := b.DeletePrefix(ctx, "doomed:"); err != nil {
		t.Fatal(err)
	}
	found, err := b.GetMany(ctx, keys)
	if len(found) != len(keys)/2 || err != nil {
		t.Errorf("GetMany after DeletePrefix: got %d, error %v, want %d", len(found), err, len(keys)/2)
	}
	for key, value := range found {
		if string(value) != key || !strings.HasPrefix(key, "kept:") {
			t.Errorf("got %q under %q", value, key)
		}
	}
}

func clusterReplicas(t *testing.T, nodes []*servers.Server) {
	b := clustered(t, nodes[:masters], redisbackend.Options{Replicas: true})
	reads := func(addrs []*servers.Server) (n int) {
		for _, node := range addrs {
			n += figure(t, node.Addr, "commandstats", "cmdstat_get:calls")
		}
		return n
	}
	set(t, b, "key", "value")
	eventually(t, "a replica has the key", func() bool {
		_, ok, err := b.Get(ctx, "key")
		return ok && err == nil
	})
	before := reads(nodes[:masters])
	for i := range 50 {
		if _, _, err := b.Get(ctx, fmt.Sprint("key", i)); err != nil {
			t.Errorf("Get: %v", err)
		}
	}
	if n := reads(nodes[:masters]) - before; n > 0 || reads(nodes[masters:]) < 50 {
		t.Errorf("got %d reads on masters and %d on replicas, want the 50 on replicas alone", n, reads(nodes[masters:]))
	}
}

func clusterWatch(t *testing.T, nodes []*servers.Server, o redisbackend.Options) {
	one, two := clustered(t, nodes, o), clustered(t, nodes, o)
	watching(t, one)
	ear := watching(t, two)
	key := func(i int) string { return fmt.Sprint(prefix, o.Watch, "/", i) }
	for i := range 20 { // on all nodes
		want(t, two, key(i), "")
	}
	for i := range 20 {
		ear.wantKnown(t, one, key(i))
	}
	for i := range 20 {
		if err := one.Delete(ctx, key(i)); err != nil {
			t.Error(err)
		}
		want(t, two, key(i), "")
	}
}

func clusterFailover(t *testing.T, nodes []*servers.Server) {
	b := clustered(t, nodes, redisbackend.Options{})
	ear := watching(t, b)
	for i := range 30 {
		set(t, b, fmt.Sprint(prefix, i), "value")
	}
	ear.wantFlush(t, "the death of a master", 2*time.Second, nodes[0].Kill)
	began := time.Now()
	eventually(t, "a replica has taken over", func() bool {
		for i := range 30 {
			if b.Set(within(t, 200*time.Millisecond), fmt.Sprint(prefix, i), []byte("new"), ttl) != nil {
				return false
			}
		}
		return true
	})
	t.Logf("writes to all slots again after %v", time.Since(began))
	for i := range 30 {
		want(t, b, fmt.Sprint(prefix, i), "new")
	}
}
