package coherence_test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// A world is three processes with copies near, and their Redis. The last of them
// has a proxy before it.
type world struct {
	t         *testing.T
	redis     *servers.Server
	proxy     *servers.Proxy
	processes []*process
	db        string
	v         int64           // the newest version
	told      map[int64]int64 // when the change to a version had been announced
}

func newWorld(t *testing.T, redis *servers.Server, params, credentials string) *world {
	w := &world{t: t, redis: redis, db: filepath.Join(t.TempDir(), "version"), told: make(map[int64]int64)}
	w.proxy = servers.NewProxy(t, redis.Addr)
	w.write()
	for _, addr := range []string{redis.Addr, redis.Addr, w.proxy.Addr} {
		far := "redis://" + credentials + addr + "?" + params
		w.processes = append(w.processes, start(t, w.db, "tiered:?near="+url.QueryEscape("bigcache://?size=8MiB")+"&far="+url.QueryEscape(far)))
	}
	w.settle()
	return w
}

// write makes a new version of the row, as one step.
func (w *world) write() {
	w.t.Helper()
	w.v++
	next := w.db + ".next"
	must(w.t, os.WriteFile(next, strconv.AppendInt(nil, w.v, 10), 0o600))
	must(w.t, os.Rename(next, w.db))
}

// change makes a new version and has p announce it in some way.
func (w *world) change(p *process, way string) {
	w.t.Helper()
	w.write()
	r := p.tell(order{way, w.v})
	if r.Err != "" {
		w.t.Fatalf("%s: %s", way, r.Err)
	}
	w.told[w.v] = r.Now
}

// settle waits until all processes show the newest version from what is near.
func (w *world) settle() {
	w.t.Helper()
	for _, p := range w.processes {
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			before := p.tell(order{Do: "tell"})
			time.Sleep(20 * time.Millisecond)
			after := p.tell(order{Do: "tell"})
			if _, newest := after.Last[w.v]; newest && len(after.Last) == 1 && after.Near > before.Near && after.Far == before.Far {
				break
			}
			if time.Now().After(end) {
				w.t.Fatalf("a process shows %v, %d near and %d far, want version %d from near", after.Last, after.Near-before.Near, after.Far-before.Far, w.v)
			}
		}
	}
}

// lateness returns, for each announced version, for how long some process still
// showed an older one after that.
func (w *world) lateness() (late []time.Duration) {
	last := make(map[int64]int64)
	for _, p := range w.processes {
		for v, at := range p.tell(order{Do: "tell"}).Last {
			last[v] = max(last[v], at)
		}
	}
	for v, at := range w.told {
		var worst int64
		for older, shown := range last {
			if older < v {
				worst = max(worst, shown-at)
			}
		}
		late = append(late, time.Duration(worst))
	}
	clear(w.told)
	slices.Sort(late)
	return late
}

// What one process announces the others heed within 50 ms, as long as they are
// connected.
func TestOthersHeedAChangeAtOnce(t *testing.T) {
	for _, watch := range []string{"tracking", "pubsub"} {
		t.Run(watch, func(t *testing.T) {
			w := newWorld(t, servers.Redis(t), "watch="+watch, "")
			var late []time.Duration
			const changes = 150
			for i := range changes {
				w.change(w.processes[i%3], []string{"tag", "delete", "set"}[i/3%3])
				time.Sleep(10 * time.Millisecond)
				late = append(late, w.lateness()...)
			}
			slices.Sort(late)
			p99 := late[len(late)*99/100]
			t.Logf("%d changes: an older version was shown for %v after it was announced, p99 %v, at most %v", len(late), late[len(late)/2], p99, late[len(late)-1])
			if len(late) != changes || p99 > 50*time.Millisecond {
				t.Errorf("p99 %v, want at most 50 ms", p99)
			}
			w.settle()
		})
	}
}

// Whatever becomes of the connection, nothing is shown for longer than the ping
// interval and a second.
func TestOthersHeedAChangeWhateverBecomesOfTheConnection(t *testing.T) {
	const ping, slack = time.Second, time.Second
	const busy = 500 * time.Millisecond // which a machine may add that has other things to do
	for what, befall := range map[string]func(w *world){
		"reset":      func(w *world) { w.proxy.Reset() },
		"black hole": func(w *world) { w.proxy.Delay(time.Hour) },
		"refused":    func(w *world) { w.proxy.Refuse(true); w.proxy.Reset() },
		"restart":    func(w *world) { w.redis.Restart() },
		"kicked out": func(w *world) { w.command("CLIENT KILL TYPE normal") },
	} {
		for _, watch := range []string{"tracking", "pubsub"} {
			t.Run(what+"/"+watch, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, servers.Redis(t), "ping="+ping.String()+"&watch="+watch, "")
				befall(w)
				for way := range slices.Values([]string{"tag", "delete", "set"}) {
					w.changeInTime(way)
				}
				time.Sleep(ping + slack + busy)
				late := w.lateness()
				t.Logf("an older version was shown for %v at most", late[len(late)-1])
				if worst := late[len(late)-1]; worst > ping+slack+busy {
					t.Errorf("an older version was shown for %v, want at most %v", worst, ping+slack)
				}
			})
		}
	}
}

// changeInTime is change, where the first tries may fail as the connection is
// gone.
func (w *world) changeInTime(way string) {
	w.t.Helper()
	w.write()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r := w.processes[0].tell(order{way, w.v})
		if r.Err == "" {
			w.told[w.v] = r.Now
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s: %s", way, r.Err)
		}
	}
}

func (w *world) command(text string) {
	w.t.Helper()
	if got, err := servers.RedisCommand(w.redis.Addr, text); err != nil {
		w.t.Fatalf("%s: %q, %v", text, got, err)
	}
}
