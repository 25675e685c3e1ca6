// Package servers runs the real servers that the tests talk to: each a process of
// its own on a free port of the loopback address, with a folder of its own, which
// ends with the test, also when the process of the test dies.
package servers

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a server may take to start.
const patience = 30 * time.Second

// Require skips a test where a program is not installed, unless that is to count
// as a failure. install names the Debian package.
func Require(t T, program, install string) {
	t.Helper()
	if _, err := lookPath(program); err == nil {
		return
	}
	if os.Getenv("PONGOCACHE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed, and PONGOCACHE_REQUIRE_SERVERS=1 asks for it", program)
	}
	t.Skipf("%s is not installed: make test installs it, or: apt-get install %s", program, install)
}

// lookPath finds a program also where Debian keeps servers, which is not on
// everybody's PATH.
func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if err != nil {
			path, err = exec.LookPath(filepath.Join(folder, program))
		}
	}
	return path, err
}

// FreeAddr returns a loopback address that nobody listens on.
func FreeAddr(t T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Port is the port of an address.
func Port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// Addrs are those of servers.
func Addrs(all []*Server) (addrs []string) {
	for _, s := range all {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// eventually waits until so reports true.
func eventually(t T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// A Server is a process that a test started.
type Server struct {
	Addr   string // host:port
	Folder string // of its files; its working directory

	t       T
	program string
	args    []string
	ready   func() error

	mu   sync.Mutex
	pid  int
	stop func() // ends the process; nil while there is none
}

// Start starts program in a folder of its own and waits until ready returns nil;
// without ready, until somebody listens on addr.
func Start(t T, addr string, ready func() error, program string, args ...string) *Server {
	t.Helper()
	s := &Server{Addr: addr, Folder: t.TempDir(), t: t, program: program, args: args, ready: ready}
	if ready == nil {
		s.ready = s.listens
	}
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

func (s *Server) listens() error {
	conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err == nil {
		conn.Close()
	}
	return err
}

// Restart starts the server again, where it was, with what its folder holds.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = s.ready(); err == nil {
			return
		}
	}
	s.t.Fatalf("%s does not answer: %v\n%s", s.program, err, s.Log())
}

func (s *Server) run() error {
	path, err := lookPath(s.program)
	if err != nil {
		return err
	}
	// The shell ends the server when its own input ends, and so also when this
	// process dies without a word.
	const script = `"$@" >>"$log" 2>&1 </dev/null & server=$!; echo $server; cat >/dev/null; kill -CONT $server; kill -KILL $server; wait $server`
	shell := exec.Command("sh", append([]string{"-c", script, "sh", path}, s.args...)...)
	shell.Dir, shell.Env = s.Folder, append(os.Environ(), "log="+s.logFile())
	input, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	output, err := shell.StdoutPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return err
	}
	line, _ := bufio.NewReader(output).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return errors.Join(fmt.Errorf("%s told no process id: %w", s.program, err), input.Close(), shell.Wait())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid, s.stop = pid, func() {
		input.Close()
		shell.Wait()
	}
	return nil
}

// Kill ends the process at once, as SIGKILL does. Without one it does nothing.
func (s *Server) Kill() {
	s.mu.Lock()
	stop := s.stop
	s.stop = nil
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Signal sends sig to the process: SIGSTOP pauses it, SIGCONT lets it go on.
func (s *Server) Signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := syscall.Kill(s.pid, sig); err != nil {
		s.t.Fatalf("signal %v to %s: %v", sig, s.program, err)
	}
}

// Log is what the server has printed.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.logFile())
	return string(text)
}

func (s *Server) logFile() string { return filepath.Join(s.Folder, "log") }
