package coherence_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	_ "github.com/pongocache/pongocache/fragment/redisbackend"
)

// asProcess is the variable by which this program knows that it is one of the
// processes of a test, and where its Redis is.
const asProcess = "PONGOCACHE_COHERENCE"

func TestMain(m *testing.M) {
	if farURL := os.Getenv(asProcess); farURL != "" {
		if err := serve(context.Background(), farURL); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// An order is what a process is told to do, as a line of JSON.
type order struct {
	Do      string // "tag", "delete" or "set"; "tell"
	Version int64
}

// A report is what a process answers.
type report struct {
	Err  string
	Now  int64           // when the order was done, in Unix nanoseconds
	Last map[int64]int64 // when each version was shown for the last time
	Near uint64          // hits that took no trip
	Far  uint64          // those that did
}

// A row is what the processes show: each change makes a new version of it.
var (
	key    = fragment.KeyOf("row")
	policy = fragment.Policy{TTL: time.Hour, Tags: []string{"row"}}
)

// shows is one process: it asks for the row all the time, and notes when each
// version was shown for the last time.
type shows struct {
	cache *fragment.Cache
	db    string // a file with the version: the database of all processes
	mu    sync.Mutex
	last  map[int64]int64 // guarded by mu
	ended atomic.Bool
}

func serve(ctx context.Context, farURL string) error {
	c, err := fragment.Open(ctx, os.Getenv("NEAR"), fragment.Options{Prefix: "coherence"})
	if err != nil {
		return err
	}
	defer c.Close()
	s := &shows{cache: c, db: farURL, last: make(map[int64]int64)}
	var asking sync.WaitGroup
	asking.Go(func() { s.ask(ctx) })
	orders, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := orders.Decode(&o); err == io.EOF {
			s.ended.Store(true)
			asking.Wait()
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(s.obey(ctx, o)); err != nil {
			return err
		}
	}
}

func (s *shows) version(context.Context) ([]byte, error) { return os.ReadFile(s.db) }

// ask shows the row now and again, the more often the better, and leaves the
// other processes their share of the machine.
func (s *shows) ask(ctx context.Context) {
	for !s.ended.Load() {
		value, err := s.cache.Do(ctx, key, policy, s.version)
		if v, bad := strconv.ParseInt(string(value), 10, 64); err == nil && bad == nil {
			s.mu.Lock()
			s.last[v] = time.Now().UnixNano()
			s.mu.Unlock()
		}
		time.Sleep(time.Millisecond / 2)
	}
}

func (s *shows) obey(ctx context.Context, o order) (r report) {
	var err error
	switch o.Do {
	case "tag":
		err = s.cache.InvalidateTags(ctx, "row")
	case "delete":
		err = s.cache.Delete(ctx, key)
	case "set":
		err = s.cache.Set(ctx, key, strconv.AppendInt(nil, o.Version, 10), policy)
	case "tell":
		s.mu.Lock()
		r.Last = s.last
		s.last = make(map[int64]int64)
		s.mu.Unlock()
		stats := s.cache.Stats()
		r.Near, r.Far = stats.Near, stats.Hits-stats.Near
	}
	r.Now = time.Now().UnixNano()
	if err != nil {
		r.Err = err.Error()
	}
	return r
}

// A process is one that a test has started.
type process struct {
	t       *testing.T
	orders  *json.Encoder
	answers *json.Decoder
}

// start starts a process that has the row in the file db.
func start(t *testing.T, db, cacheURL string) *process {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asProcess+"="+db, "NEAR="+cacheURL)
	child.Stderr = os.Stderr
	input, err := child.StdinPipe()
	must(t, err)
	output, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	t.Cleanup(func() {
		input.Close()
		if err := child.Wait(); err != nil {
			t.Errorf("a process ended with %v", err)
		}
	})
	return &process{t, json.NewEncoder(input), json.NewDecoder(bufio.NewReader(output))}
}

// tell has p obey an order, and returns what it answers.
func (p *process) tell(o order) (r report) {
	p.t.Helper()
	must(p.t, p.orders.Encode(o))
	must(p.t, p.answers.Decode(&r))
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
