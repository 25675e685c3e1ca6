package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	main "github.com/pongocache/pongocache/example"
)

var badFlags = []struct {
	args []string
	want []string // in the error
}{
	{[]string{"-cache", "teapot://"}, []string{"-cache", `unknown scheme "teapot"`, "bigcache"}},
	{[]string{"-cache", "bigcache://?colour=red"}, []string{"-cache", "colour", "size"}},
	{[]string{"-cache", "bigcache://?size=-1"}, []string{"-cache", "size", "-1", "64MiB"}},
	{[]string{"-cache", "bigcache://?size=1&size=2"}, []string{"-cache", "size"}},
	{[]string{"-cache", ""}, []string{"-cache", "no scheme"}},
	{[]string{"-cache", "tiered:?near=bigcache://"}, []string{"-cache", "parameter far is missing"}},
	{[]string{"-cache", "redis://127.0.0.1:1/0?connect=now"}, []string{"-cache", "127.0.0.1:1", "refused"}},
	{[]string{"-db", "sqlite://site.db"}, []string{"-db", "sqlite:///var/lib/site.db"}},
	{[]string{"-db", "postgres://127.0.0.1/x"}, []string{"-db", `"postgres"`, "mysql://"}},
	{[]string{"-db", "mysql://root@127.0.0.1:3306"}, []string{"-db", "no database", "mysql://"}},
	{[]string{"-db", "mysql://root@127.0.0.1/test?speed=high"}, []string{"-db", "speed", "mysql://"}},
	{[]string{"-delay", "-1s"}, []string{"-delay", "-1s", "150ms"}},
	{[]string{"-delay", "soon"}, []string{"-delay", "soon"}},
	{[]string{"-addr", "127.0.0.1:http-or-so"}, []string{"-addr"}},
	{[]string{"users"}, []string{`"users"`, "-help"}},
}

func TestBadFlagsSayWhatToWrite(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	for _, c := range badFlags {
		err := main.Run(t.Context(), c.args, io.Discard)
		if err == nil {
			t.Errorf("%q: got no error", c.args)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got error %q, want %q in it", c.args, err, want)
			}
		}
	}
	if left := entries(t, folder); len(left) > 0 {
		t.Errorf("programs that did not start left %q", left)
	}
}

func TestUnreachableDatabaseIsNamedWithoutItsPassword(t *testing.T) {
	addr := freeAddr()
	for _, db := range []string{
		"mysql://ada:opensesame@" + addr + "/test",
		"mysql://ada:opensesame@" + addr + "/test?x=opensesame",
		"mysql://ada:opensesame%zz@" + addr + "/test",
		"mysql://ada:opensesame@" + addr,
	} {
		err := main.Run(t.Context(), []string{"-db", db}, io.Discard)
		if err == nil || strings.Contains(err.Error(), "opensesame") {
			t.Errorf("-db with a password: got error %v, want one without it", err)
		}
	}
	err := main.Run(t.Context(), []string{"-db", "mysql://ada:opensesame@" + addr + "/test"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-db mysql://"+addr+"/test:") {
		t.Errorf("got error %v, want the address in it", err)
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var out bytes.Buffer
	if err := main.Run(t.Context(), []string{"-help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got error %v, want flag.ErrHelp", err)
	}
	for _, name := range []string{"-addr", "-db", "-cache", "-delay", "-clear"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("-help does not list %s:\n%s", name, out.String())
		}
	}
}

func TestClearFlagSaysThatMemoryBelongsToItsProcess(t *testing.T) {
	var out bytes.Buffer
	if err := main.Run(t.Context(), []string{"-clear", "-cache", "bigcache://?size=8MiB"}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "memory of the process") {
		t.Errorf("got %q, want that the cache belongs to its process", out.String())
	}
}

// An interrupt stops the program within 5 s and leaves no file, whatever its
// visitors hold open.
func TestInterruptStopsCleanly(t *testing.T) {
	program, base, folder := startProgram(t, "-delay", "1m")
	get(t, base+"/time")                                                // whose connection is kept alive
	silent, err := net.Dial("tcp", strings.TrimPrefix(base, "http://")) // says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	slow := askSlowly(t, base+"/users") // which waits for its query
	if len(entries(t, folder)) != 1 {
		t.Errorf("got files %q, want the database", entries(t, folder))
	}

	start := time.Now()
	if err := program.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v, want success", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to stop, want at most 5 s", took)
	}
	if left := entries(t, folder); len(left) > 0 {
		t.Errorf("it left %q", left)
	}
	if err := <-slow; err == nil {
		t.Errorf("a query of one minute was answered")
	}
}

// askSlowly sends a request and returns where its outcome will be told.
func askSlowly(t *testing.T, address string) <-chan error {
	t.Helper()
	sent, outcome := make(chan struct{}), make(chan error, 1)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) },
	})
	go func() { outcome <- ask(ctx, address) }()
	<-sent
	return outcome
}

// startProgram runs the program as a process of its own, with an empty folder
// for its temporary files, and returns where it answers.
func startProgram(t *testing.T, args ...string) (program *exec.Cmd, base, folder string) {
	t.Helper()
	folder = t.TempDir()
	program = exec.Command(os.Args[0])
	args = append(args, "-addr", "127.0.0.1:0")
	program.Env = append(os.Environ(), asProgram+"="+strings.Join(args, "\n"), "TMPDIR="+folder)
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Process.Kill() })
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text()); found != "" {
			go io.Copy(io.Discard, output)
			return program, found, folder
		}
	}
	t.Fatalf("the program printed no address: %v", lines.Err())
	return nil, "", ""
}

func get(t *testing.T, address string) {
	t.Helper()
	if err := ask(t.Context(), address); err != nil {
		t.Fatal(err)
	}
}

// ask tells whether the page came whole. A request that is cancelled may still be
// told so, with a status of its own, before its connection is closed.
func ask(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func entries(t *testing.T, folder string) []string {
	t.Helper()
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names
}
