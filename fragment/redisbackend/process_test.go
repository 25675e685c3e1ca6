package redisbackend_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/servers"
)

// asProcess is the variable by which this program knows that it is a process which a
// test has started, and where its Redis is.
const asProcess = "PONGOCACHE_REDIS_URL"

func TestMain(m *testing.M) {
	if at := os.Getenv(asProcess); at != "" {
		fmt.Fprintln(os.Stderr, hang(at))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var page = fragment.KeyOf("page")

// hang begins to fill a page, says so, and goes on until it is killed.
func hang(at string) error {
	c, err := fragment.Open(ctx, at, fragment.Options{Wait: time.Minute})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Do(ctx, page, fragment.Policy{}, func(context.Context) ([]byte, error) {
		fmt.Println("filling")
		time.Sleep(time.Minute)
		return nil, nil
	})
	return err
}

// hanging starts a process that fills the page.
func hanging(t testing.TB, at string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), asProcess+"="+at), os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		child.Process.Kill()
		child.Wait()
	})
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "filling\n" {
		t.Fatalf("the process says %q, %v", line, err)
	}
	return child
}

// A process that is killed amid a fill keeps others from it for some 3 s, and as long
// as it lives, for as long as it takes.
func TestLeaseOfAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	const lived, most = 4 * time.Second, 3 * time.Second
	at := "redis://" + servers.Redis(t).Addr
	child := hanging(t, at)
	killed := make(chan time.Time, 1)
	time.AfterFunc(lived, func() {
		child.Process.Kill()
		killed <- time.Now()
	})
	c, err := fragment.Open(ctx, at, fragment.Options{Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var filled time.Time
	if _, err := c.Do(ctx, page, fragment.Policy{}, func(context.Context) ([]byte, error) {
		filled = time.Now()
		return []byte("page"), nil
	}); err != nil {
		t.Fatal(err)
	}
	after := filled.Sub(<-killed)
	t.Logf("another process filled %v after the kill", after)
	if after < 0 || after > most {
		t.Errorf("another process filled %v after the kill, want at most %v", after, most)
	}
}
