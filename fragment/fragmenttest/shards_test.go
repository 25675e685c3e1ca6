package fragmenttest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// two is a Backend over two servers, by the first letter of a key.
type two struct {
	*fragmenttest.Conn
	other *fragmenttest.Conn
}

func (b two) Shards() []fragment.Backend { return []fragment.Backend{b.Conn, b.other} }
func (b two) ShardOf(key string) int     { return int(key[0] % 2) }

// The shards of what is wrapped are wrapped, too.
func TestWrapPassesShardsOn(t *testing.T) {
	var faults fragmenttest.Faults
	b := two{fragmenttest.NewServer().Connect(), fragmenttest.NewServer().Connect()}
	wrapped, ok := faults.Wrap(b).(fragment.Sharder)
	if !ok || len(wrapped.Shards()) != 2 || wrapped.ShardOf("b") != 0 || wrapped.ShardOf("a") != 1 {
		t.Fatal("what wraps a Sharder of two shards is none")
	}
	faults.Inject(fragmenttest.Fault{})
	for i, one := range wrapped.Shards() {
		if err := one.Set(context.Background(), "key", nil, time.Hour); !errors.Is(err, fragmenttest.ErrInjected) {
			t.Errorf("shard %d: error %v, want the fault that was injected", i, err)
		}
	}
	if plain := faults.Wrap(fragmenttest.NewMemory()).(fragment.Sharder); len(plain.Shards()) != 0 {
		t.Errorf("what wraps a Backend without shards has %d", len(plain.Shards()))
	}
}
