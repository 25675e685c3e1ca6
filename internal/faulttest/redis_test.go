package faulttest_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// ofRedis are faults in which a Redis goes on to answer reads.
var ofRedis = []fault{
	{
		name: "out of memory", lasts: 500 * time.Millisecond,
		begin: fillUp,
		end:   func(w *world) { w.asks("FLUSHDB", "+OK") }, // which is more than to make room
		tells: []string{"OOM"},
	},
	{
		name: "read-only replica", lasts: 500 * time.Millisecond,
		begin: demote,
		end:   func(w *world) { w.asks("REPLICAOF NO ONE", "+OK") },
		tells: []string{"READONLY"},
	},
	{
		name: "foreign and corrupt bytes", lasts: 100 * time.Millisecond,
		begin: vandalize,
		end:   func(w *world) {},
		tells: []string{"decode: "}, waits: true,
	},
}

func TestFaultsOfRedis(t *testing.T) {
	for _, f := range ofRedis {
		t.Run(f.name, func(t *testing.T) { f.test(t, onRedis) })
	}
	for _, f := range ofRedis {
		t.Run("tiered/"+f.name, func(t *testing.T) { f.test(t, onTiered) })
	}
}

// asks sends a command to the server, and requires what the reply begins with.
func (w *world) asks(text, want string) {
	w.Helper()
	command(w.T, w.server.Addr, text, want)
}

func command(t testing.TB, addr, text, want string) {
	t.Helper()
	if got, err := servers.RedisCommand(addr, text); err != nil || !strings.HasPrefix(got, want) {
		t.Fatalf("%.40s: got %q, %v, want %q", text, got, err, want)
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
// was, invalidations too, would be undone.
func demote(w *world) {
	other := servers.Redis(w.T, "--repl-diskless-sync-delay", "0")
	follow := func(from string) string { return "REPLICAOF 127.0.0.1 " + servers.Port(from) }
	w.asks("CONFIG SET repl-diskless-sync-delay 0", "+OK")
	command(w.T, other.Addr, follow(w.server.Addr), "+OK")
	w.await("the other server follows", 10*time.Second, func() bool {
		replicas, err := servers.RedisCommand(w.server.Addr, "WAIT 1 50")
		return err == nil && replicas == ":1"
	})
	// WAIT is for what its own connection has written. What is sent at once is carried
	// out at once, so that nobody writes between the first and the second.
	replies := converse(w.T, w.server.Addr, "SET last write", "CLIENT PAUSE 10000 WRITE", "WAIT 1 5000")
	if replies[2] != ":1" {
		w.Fatalf("the other server does not have all: %q", replies)
	}
	command(w.T, other.Addr, "REPLICAOF NO ONE", "+OK")
	w.asks(follow(other.Addr), "+OK")
	w.asks("CLIENT UNPAUSE", "+OK")
}

// converse sends commands at once on one connection, and returns their replies,
// which are of one line each.
func converse(t testing.TB, addr string, commands ...string) []string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", strings.Join(commands, "\r\n")); err != nil {
		t.Fatal(err)
	}
	replies, lines := make([]string, len(commands)), bufio.NewReader(conn)
	for i := range replies {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v", commands[i], err)
		}
		replies[i] = strings.TrimSpace(line)
	}
	return replies
}

// A server that knows the sites by a user of their own, and whose owner needs no
// password.
var onUser = layout{
	name: "redis",
	start: func(t testing.TB) *servers.Server {
		s := servers.Redis(t)
		command(t, s.Addr, "ACL SETUSER site on >"+oldPassword+" ~* &* +@all", "+OK")
		return s
	},
	url: func(addr string) string { return "redis://site:" + oldPassword + "@" + addr },
}

// The password is changed, all connections end, and later the old one holds again.
var rotation = fault{
	name: "wrong password after rotation", opens: true, lasts: 500 * time.Millisecond,
	begin: func(w *world) {
		w.asks("ACL SETUSER site resetpass >"+newPassword, "+OK")
		w.asks("CLIENT KILL USER site", ":")
	},
	end:   func(w *world) { w.asks("ACL SETUSER site >"+oldPassword, "+OK") },
	tells: []string{"WRONGPASS", "reset by peer", "EOF", "broken pipe"}, // what ends the connections may open the breakers first
}

func TestPasswordRotation(t *testing.T) { rotation.test(t, onUser) }

// The server comes back and knows the sites no more. Nobody but the tries of their
// caches finds that out.
var forgetting = fault{
	name: "killed, and back with another password", opens: true, lasts: 500 * time.Millisecond,
	begin: func(w *world) {
		w.server.Kill()
		w.await("both breakers open", 5*time.Second, w.isOpen)
		for _, s := range w.sites {
			if s.seen.has("WRONGPASS") {
				w.Error("a server that is not there is told to refuse a password")
			}
		}
		w.server.Restart()
	},
	end:   func(w *world) { w.asks("ACL SETUSER site on >"+oldPassword+" ~* &* +@all", "+OK") },
	tells: []string{"WRONGPASS"},
}

func TestPasswordThatChangedWhileTheServerWasAway(t *testing.T) { forgetting.test(t, onUser) }
