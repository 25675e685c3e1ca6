package coherence_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// A process that keeps nothing near is heard over pub/sub by those that do.
func TestOthersHeedAProcessThatKeepsNothingNear(t *testing.T) {
	w := newWorld(t, servers.Redis(t), "watch=pubsub", "")
	writer := start(t, w.db, "redis://"+w.redis.Addr+"?watch=pubsub")
	w.change(writer, "set")
	w.settle() // it is known
	w.lateness()
	var late []time.Duration
	const changes = 60
	for i := range changes {
		w.change(writer, []string{"tag", "delete", "set"}[i%3])
		time.Sleep(10 * time.Millisecond)
		late = append(late, w.lateness()...)
	}
	slices.Sort(late)
	p99 := late[len(late)*99/100]
	t.Logf("%d changes: an older version was shown for %v after it was announced, p99 %v", len(late), late[len(late)/2], p99)
	if len(late) != changes || p99 > 50*time.Millisecond {
		t.Errorf("p99 %v, want at most 50 ms", p99)
	}
	w.settle()
}

// Who empties the database announces nothing else, and is heeded all the same.
func TestOthersHeedAFlush(t *testing.T) {
	const ping, slack = time.Second, 1500 * time.Millisecond
	for _, watch := range []string{"tracking", "pubsub"} {
		t.Run(watch, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, servers.Redis(t), "ping="+ping.String()+"&watch="+watch, "")
			w.write()
			w.command("FLUSHDB")
			w.told[w.v] = time.Now().UnixNano()
			time.Sleep(ping + slack)
			late := w.lateness()
			t.Logf("an older version was shown for %v at most", late[0])
			if late[0] > ping+slack {
				t.Errorf("an older version was shown for %v, want at most %v", late[0], ping+slack)
			}
			w.settle()
		})
	}
}
