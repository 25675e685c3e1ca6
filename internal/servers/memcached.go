package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Memcached starts a memcached; args are those of its command line, such as "-m",
// "64".
func Memcached(t T, args ...string) *Server {
	t.Helper()
	Require(t, "memcached", "memcached")
	addr := FreeAddr(t)
	return Start(t, addr, nil, "memcached", append(memcachedArgs(addr), args...)...)
}

// MemcachedSASL starts a memcached that speaks the binary protocol, and wants to
// be told user and password by SASL.
func MemcachedSASL(t T, user, password string) *Server {
	t.Helper()
	Require(t, "memcached", "memcached")
	Require(t, "saslpasswd2", "sasl2-bin")
	folder := t.TempDir()
	db := filepath.Join(folder, "users")
	config := "mech_list: plain\nsasldb_path: " + db + "\n"
	if err := os.WriteFile(filepath.Join(folder, "memcached.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	tool := exec.Command("sh", "-c", `PATH="$PATH:/usr/sbin" saslpasswd2 -p -c -a memcached -f "$1" "$2"`, "sh", db, user)
	tool.Stdin = strings.NewReader(password)
	if out, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
	addr := FreeAddr(t)
	args := []string{"SASL_CONF_PATH=" + folder, "memcached", "-S"}
	return Start(t, addr, nil, "env", append(args, memcachedArgs(addr)...)...)
}

func memcachedArgs(addr string) []string {
	args := []string{"-l", "127.0.0.1", "-p", Port(addr), "-U", "0"}
	if os.Getuid() == 0 {
		args = append(args, "-u", "root")
	}
	return args
}
