package redisbackend_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// wantRefusal requires an error that names what is wrong, and nothing that should
// stay a secret.
func wantRefusal(t testing.TB, what string, err error, names string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), names) {
		t.Errorf("%s: got error %v, want one that names %s", what, err, names)
	} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "person@") {
		t.Errorf("%s: got the error %q, want neither a password nor a key in it", what, err)
	}
}

func TestFullServerRefusesAndKeepsNoHalfEntry(t *testing.T) {
	s := servers.Redis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
	b := dialed(t, s.Addr, redisbackend.Options{})
	value := make([]byte, 100_000)
	var err error
	stored := 0
	for ; err == nil && stored < 1000; stored++ {
		err = b.Set(ctx, fmt.Sprint("person@", stored), value, ttl)
	}
	wantRefusal(t, "Set", err, "OOM")
	want(t, b, fmt.Sprint("person@", stored-1), "")
	wantRefusal(t, "Set over an old one", b.Set(ctx, "person@0", value, ttl), "OOM")
	wantRefusal(t, "SetMany", b.SetMany(ctx, map[string][]byte{"person@a": value, "person@b": value}, ttl), "OOM")
	_, err = b.Add(ctx, "person@added", value, ttl)
	wantRefusal(t, "Add", err, "OOM")
	if found, err := b.GetMany(ctx, []string{"person@a", "person@b", "person@added"}); len(found) > 0 || err != nil {
		t.Errorf("GetMany of what was refused: got %d values, error %v", len(found), err)
	}
	want(t, b, "person@0", string(value)) // reads go on, and so do deletes
	if err := b.Delete(ctx, "person@0"); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func TestReplicaRefusesWrites(t *testing.T) {
	master := servers.Redis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(master.Addr)
	replica := servers.Redis(t, "--replicaof", host+" "+port)
	command(t, master.Addr, "SET key value")
	eventually(t, "the replica has the key", func() bool { return command(t, replica.Addr, "EXISTS key") == ":1" })
	b := dialed(t, replica.Addr, redisbackend.Options{})
	want(t, b, "key", "value")
	wantRefusal(t, "Set", b.Set(ctx, "person@", nil, ttl), "READONLY")
	wantRefusal(t, "Delete", b.Delete(ctx, "person@"), "READONLY")
	_, err := b.Add(ctx, "person@", nil, ttl)
	wantRefusal(t, "Add", err, "READONLY")
	wantRefusal(t, "Touch", b.Touch(ctx, ttl, "key"), "READONLY")
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 10s it is not so that %s", what)
		}
	}
}

func TestPasswordIsChanged(t *testing.T) {
	s := servers.Redis(t, "--requirepass", "s3cret")
	b, err := redisbackend.Dial(rueidis.ClientOption{InitAddress: []string{s.Addr}, ForceSingleClient: true, Password: "s3cret"}, redisbackend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	set(t, b, "key", "value")
	lastOf(t, s.Addr, "AUTH s3cret", "CONFIG SET requirepass s3cret-2", "CLIENT KILL TYPE normal SKIPME yes")
	eventually(t, "the connection is lost", func() bool {
		_, _, err = b.Get(within(t, time.Second), "key")
		return err != nil && !errors.Is(err, io.EOF)
	})
	wantRefusal(t, "Get", err, "WRONGPASS")
	lastOf(t, s.Addr, "AUTH s3cret-2", "CONFIG SET requirepass s3cret")
	recovers(t, b, 2*time.Second)
	want(t, b, "key", "value")
}

func TestForeignTypeUnderAKey(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	command(t, s.Addr, "RPUSH person@list 1 2 3")
	command(t, s.Addr, "HSET person@hash lease 1")
	_, ok, err := b.Get(ctx, "person@list")
	wantRefusal(t, "Get", err, "WRONGTYPE")
	if ok {
		t.Error("Get: got a hit beside the error")
	}
	set(t, b, "key", "value")
	found, err := b.GetMany(ctx, []string{"person@list", "key", "person@hash"})
	if len(found) != 1 || string(found["key"]) != "value" || err != nil {
		t.Errorf("GetMany: got %q, error %v, want what is ours", found, err)
	}
	if added, err := b.Add(ctx, "person@list", nil, ttl); added || err != nil {
		t.Errorf("Add: got %v, error %v, want that there is something", added, err)
	}
	set(t, b, "person@list", "replaced")
	want(t, b, "person@list", "replaced")
	if err := b.Delete(ctx, "person@hash"); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func TestValueThatTheServerRefuses(t *testing.T) {
	s := servers.Redis(t, "--proto-max-bulk-len", "1mb")
	b := dialed(t, s.Addr, redisbackend.Options{})
	set(t, b, "person@", "old")
	if err := b.Set(within(t, 2*time.Second), "person@", make([]byte, 2<<20), ttl); err == nil {
		t.Error("Set of 2 MiB: got no error from a server that takes 1 MiB")
	} else {
		wantRefusal(t, "Set", err, "")
	}
	eventually(t, "the old value is read", func() bool {
		value, ok, err := b.Get(within(t, time.Second), "person@")
		return ok && err == nil && string(value) == "old"
	})
}

func TestUserWithoutRights(t *testing.T) {
	s := servers.Redis(t, "--user", "app", "on", ">s3cret", "~shop:*", "+get", "+set", "+ping")
	b, err := redisbackend.Dial(rueidis.ClientOption{
		InitAddress: []string{s.Addr}, ForceSingleClient: true, Username: "app", Password: "s3cret",
	}, redisbackend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	set(t, b, "shop:key", "value")
	want(t, b, "shop:key", "value")
	wantRefusal(t, "Set under another prefix", b.Set(ctx, "person@", nil, ttl), "NOPERM")
	wantRefusal(t, "Delete", b.Delete(ctx, "shop:person@"), "NOPERM")
	_, err = b.Lock(ctx, "shop:person@", "owner", ttl)
	wantRefusal(t, "Lock", err, "NOPERM")
}

func TestCommandThatIsRenamedAwayTellsNoKey(t *testing.T) {
	s := servers.Redis(t, "--rename-command", "UNLINK", "")
	b := dialed(t, s.Addr, redisbackend.Options{})
	wantRefusal(t, "Delete", b.Delete(ctx, "person@"), "unknown command")
}

// An HTTP server, one that says what it is told, and one that says nothing.
func TestServerThatIsNoRedis(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	talk := func(answer func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				go answer(conn)
			}
		}()
		return l.Addr().String()
	}
	says := func(text string) string {
		return talk(func(conn net.Conn) {
			io.WriteString(conn, text)
			io.Copy(io.Discard, conn)
			conn.Close()
		})
	}
	for what, addr := range map[string]string{
		"http":           web.Listener.Addr().String(),
		"echo":           talk(func(conn net.Conn) { io.Copy(conn, conn); conn.Close() }),
		"mute":           talk(func(conn net.Conn) { io.Copy(io.Discard, conn); conn.Close() }),
		"hostile":        says("*-7\r\n"),
		"large list":     says("*999999999\r\n"),
		"large string":   says("+OK\r\n$9999999999\r\n"),
		"length too far": says("$99999999999999999999999999999999\r\n"),
		"deep":           says(strings.Repeat("*1\r\n", 1<<20)),
		"noise":          says("J\x00\x00\x00\x0a8.0.36\x00"),
	} {
		b := dialed(t, addr, redisbackend.Options{ConnectTimeout: 300 * time.Millisecond})
		if _, ok, err := b.Get(within(t, time.Second), "key"); ok || err == nil {
			t.Errorf("%s: Get: got %v, error %v, want an error", what, ok, err)
		}
	}
}
