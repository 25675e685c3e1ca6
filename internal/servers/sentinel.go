package servers

import (
	"os"
	"path/filepath"
	"strings"
)

// Sentinels starts a master, a replica of it and three sentinels that watch them
// under the name name. The servers ask for password, and the sentinels for none.
func Sentinels(t T, name, password string) (master, replica *Server, sentinels []*Server) {
	t.Helper()
	login := []string{"--requirepass", password, "--masterauth", password, "--repl-ping-replica-period", "1"}
	master = Redis(t, login...)
	replica = Redis(t, append(login, "--replicaof", "127.0.0.1 "+Port(master.Addr))...)
	for range 3 {
		sentinels = append(sentinels, sentinel(t, master.Addr, name, password))
	}
	for _, s := range sentinels {
		eventually(t, "a sentinel knows the others and the replica", func() bool {
			text := RedisText(t, s.Addr, "INFO sentinel")
			return strings.Contains(text, "status=ok") && strings.Contains(text, "slaves=1,sentinels=3")
		})
	}
	return master, replica, sentinels
}

func sentinel(t T, master, name, password string) *Server {
	t.Helper()
	addr := FreeAddr(t)
	lines := []string{
		"port " + Port(addr), "bind 127.0.0.1",
		"sentinel monitor " + name + " 127.0.0.1 " + Port(master) + " 2",
		"sentinel auth-pass " + name + " " + password,
		"sentinel down-after-milliseconds " + name + " 500", "sentinel failover-timeout " + name + " 3000",
	}
	file := filepath.Join(t.TempDir(), "sentinel.conf") // which it writes to
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Start(t, addr, nil, "redis-server", file, "--sentinel")
}
