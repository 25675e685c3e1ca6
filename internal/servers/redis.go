package servers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Redis starts a redis-server that keeps nothing on disk; args are those of its
// command line, such as "--requirepass", "secret". It serves TLS alone if args
// name a --tls-port, which is then that of addr.
func Redis(t T, args ...string) *Server {
	t.Helper()
	return RedisAt(t, FreeAddr(t), args...)
}

// RedisAt is Redis at an address of one's choice.
func RedisAt(t T, addr string, args ...string) *Server {
	t.Helper()
	Require(t, "redis-server", "redis-server")
	port, ready := []string{"--port", Port(addr)}, func() error { return pingRedis(addr) }
	for i, arg := range args {
		if arg == "--tls-port" && args[i+1] == Port(addr) {
			port, ready = []string{"--port", "0"}, nil
		}
	}
	common := append(port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "notice")
	return Start(t, addr, ready, "redis-server", append(common, args...)...)
}

// pingRedis asks a server that speaks in the clear whether it is up; that it wants
// to know who asks, or that it is loading, is told by an error reply.
func pingRedis(addr string) error {
	reply, err := RedisCommand(addr, "PING")
	if err == nil && strings.HasPrefix(reply, "-LOADING") {
		err = fmt.Errorf("redis: %s", reply)
	}
	return err
}

// RedisCommand sends one command, its words separated by spaces, and returns the
// first line of the reply.
func RedisCommand(addr, command string) (string, error) {
	line, _, err := ask(addr, command)
	return line, err
}

// RedisText sends one command, as RedisCommand does, and returns a reply that is
// text, such as that of INFO.
func RedisText(t T, addr, command string) string {
	t.Helper()
	line, text, err := ask(addr, command)
	if err != nil || !strings.HasPrefix(line, "$") {
		t.Fatalf("%s: got %q, error %v, want text", command, line, err)
	}
	return text
}

// ask returns the first line of a reply, and what it announces if that is text.
func ask(addr, command string) (line, text string, err error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", "", err
	}
	reply := bufio.NewReader(conn)
	line, err = reply.ReadString('\n')
	line = strings.TrimSpace(line)
	length, announced := strings.CutPrefix(line, "$")
	n, wrong := strconv.Atoi(length)
	if err != nil || !announced || wrong != nil || n < 0 {
		return line, "", err
	}
	bytes := make([]byte, n)
	_, err = io.ReadFull(reply, bytes)
	return line, string(bytes), err
}
