package faulttest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// What the owner of a Redis may do to it.

// ofRedis are its faults in which it goes on to answer reads.
var ofRedis = []fault{
	{
		name: "out of memory", lasts: 700 * time.Millisecond,
		begin: fillUp,
		end:   func(w *world) { w.asks("FLUSHDB", "+OK") }, // which is more than to make room
		tells: []string{"OOM"},
	},
	{
		name: "read-only replica", lasts: 700 * time.Millisecond,
		begin: demote,
		end:   func(w *world) { w.asks("REPLICAOF NO ONE", "+OK") },
		tells: []string{"READONLY"},
	},
	{
		name: "foreign and corrupt bytes", lasts: 100 * time.Millisecond,
		begin: vandalize,
		end:   func(w *world) {},
		tells: []string{"decode: "},
	},
}

func TestFaultsOfRedis(t *testing.T) {
	for _, on := range []layout{onRedis, onTiered} {
		for _, f := range ofRedis {
			t.Run(on.name+"/"+f.name, func(t *testing.T) { f.test(t, on) })
		}
	}
}

// asks sends a command to the server, and requires what the reply begins with.
func (w *world) asks(command, want string) {
	w.Helper()
	if got, err := servers.RedisCommand(w.server.Addr, command); err != nil || !strings.HasPrefix(got, want) {
		w.Fatalf("%.40s: got %q, %v, want %q", command, got, err, want)
	}
}

// fillUp lets the server have no more than it has, and fills that.
func fillUp(w *world) {
	w.asks("CONFIG SET maxmemory 2mb maxmemory-policy noeviction", "+OK")
	for i := range 100 {
		reply, err := servers.RedisCommand(w.server.Addr, fmt.Sprintf("SETRANGE junk:%d 200000 x", i))
		if err != nil {
			w.Fatal(err)
		}
		if strings.HasPrefix(reply, "-OOM") {
			return
		}
	}
	w.Fatal("the server takes whatever it is given")
}

// demote makes the server the replica of one that has all that it has, as after a
// failover of which nobody has told the sites. Nothing is written meanwhile: what
// was, and invalidated too, would be undone.
func demote(w *world) {
	other := servers.Redis(w.T, "--repl-diskless-sync-delay", "0")
	replicate := func(from, to *servers.Server) {
		command := fmt.Sprintf("REPLICAOF 127.0.0.1 %s", servers.Port(from.Addr))
		if got, err := servers.RedisCommand(to.Addr, command); err != nil || got != "+OK" {
			w.Fatalf("%s: got %q, %v", command, got, err)
		}
	}
	w.asks("CONFIG SET repl-diskless-sync-delay 0", "+OK")
	replicate(w.server, other)
	w.await("the other server follows", 5*time.Second, func() bool {
		replicas, err := servers.RedisCommand(w.server.Addr, "WAIT 1 50")
		return err == nil && replicas == ":1"
	})
	w.asks("CLIENT PAUSE 5000 WRITE", "+OK")
	w.asks("WAIT 1 1000", ":1")
	if got, err := servers.RedisCommand(other.Addr, "REPLICAOF NO ONE"); err != nil || got != "+OK" {
		w.Fatalf("the other server cannot be made a primary: %q, %v", got, err)
	}
	replicate(other, w.server)
	w.asks("CLIENT UNPAUSE", "+OK")
}

// A server that knows the sites by a user of their own, and whose owner needs no
// password.
var onUser = layout{
	name: "redis",
	start: func(t testing.TB) *servers.Server {
		s := servers.Redis(t)
		if got, err := servers.RedisCommand(s.Addr, "ACL SETUSER site on >"+oldPassword+" ~* &* +@all"); err != nil || got != "+OK" {
			t.Fatalf("the user cannot be made: %q, %v", got, err)
		}
		return s
	},
	url: func(addr string) string { return "redis://site:" + oldPassword + "@" + addr },
}

// The password is changed, all connections end, and later the old one holds again.
var rotation = fault{
	name: "wrong password after rotation", opens: true, lasts: 700 * time.Millisecond,
	begin: func(w *world) {
		w.asks("ACL SETUSER site resetpass >"+newPassword, "+OK")
		w.asks("CLIENT KILL USER site", ":")
	},
	end:   func(w *world) { w.asks("ACL SETUSER site >"+oldPassword, "+OK") },
	tells: []string{"WRONGPASS"},
}

func TestPasswordRotation(t *testing.T) { rotation.test(t, onUser) }
