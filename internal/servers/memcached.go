package servers

import (
	"os"
)

// Memcached starts a memcached; args are those of its command line, such as "-m",
// "64".
func Memcached(t T, args ...string) *Server {
	t.Helper()
	Require(t, "memcached", "memcached")
	addr := FreeAddr(t)
	common := []string{"-l", "127.0.0.1", "-p", Port(addr), "-U", "0"}
	if os.Getuid() == 0 {
		common = append(common, "-u", "root")
	}
	return Start(t, addr, nil, "memcached", append(common, args...)...)
}
