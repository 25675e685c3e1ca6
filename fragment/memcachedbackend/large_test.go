package memcachedbackend_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func TestAValueThatFitsIsNotRefusedBySASL(t *testing.T) {
	b := opened(t, memcachedbackend.Options{SASL: true, User: user, Password: password}, withSASL(t).Addr)
	most := memcachedbackend.Largest(b) - len("key")
	set(t, b, "key", pattern(most))
	want(t, b, "key", pattern(most))
}

func TestAValueThatFitsIsNotRefused(t *testing.T) {
	for name, size := range map[string]int{"512k": 512 << 10, "1m": 1 << 20, "4m": 4 << 20} {
		s := servers.Memcached(t, "-I", name)
		b := opened(t, memcachedbackend.Options{ItemSize: size}, s.Addr)
		for _, key := range []string{"k", strings.Repeat("k", 200)} {
			most := memcachedbackend.Largest(b) - len(key)
			set(t, b, key, pattern(most))
			want(t, b, key, pattern(most))
			if most < size*99/100-400 {
				t.Errorf("-I %s: a value has at most %d bytes, want nearly all of an item", name, most)
			}
			if err := b.Set(ctx, key, pattern(most+1), ttl); !errors.Is(err, fragment.ErrTooLarge) {
				t.Errorf("-I %s: Set of %d bytes: got error %v, want fragment.ErrTooLarge", name, most+1, err)
			}
			want(t, b, key, pattern(most)) // the engine is who removes it
		}
	}
}

// TestWhatTheServerRefusesLeavesNoOlderValue has a server whose items are smaller
// than the Backend was told.
func TestWhatTheServerRefusesLeavesNoOlderValue(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{ItemSize: 4 << 20}, s.Addr)
	large := pattern(2 << 20)
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, fragment.ErrTooLarge) || !strings.Contains(err.Error(), s.Addr) || !strings.Contains(err.Error(), "-I") {
			t.Errorf("%s: got error %v, want fragment.ErrTooLarge that names the server and its -I", what, err)
		}
		wantMiss(t, b, "key")
	}
	set(t, b, "key", []byte("old"))
	refused("Set", b.Set(ctx, "key", large, ttl))
	set(t, b, "key", []byte("old"))
	refused("SetMany", b.SetMany(ctx, map[string][]byte{"key": large, "other": []byte("small"), "third": []byte("small")}, ttl))
	want(t, b, "other", []byte("small"))
	want(t, b, "third", []byte("small"))
	added, err := b.Add(ctx, "key", large, ttl)
	if refused("Add", err); added {
		t.Error("Add of what the server refuses: got true, want false")
	}
}

// TestMemoryThatIsFullLeavesNoOlderValue has a server that returns errors in place
// of making room.
func TestMemoryThatIsFullLeavesNoOlderValue(t *testing.T) {
	s := servers.Memcached(t, "-M", "-m", "2")
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	set(t, b, "key", []byte("old"))
	var err error
	for i := 0; i < 200 && err == nil; i++ {
		err = b.Set(ctx, strings.Repeat("k", 1+i), pattern(200<<10), ttl)
	}
	if err == nil || errors.Is(err, fragment.ErrTooLarge) || !strings.Contains(err.Error(), "out of memory") {
		t.Fatalf("a full server: got error %v, want one that says so", err)
	}
	if err := b.Set(ctx, "key", pattern(200<<10), ttl); err == nil {
		t.Fatal("Set at a full server: got no error, want one")
	}
	wantMiss(t, b, "key")
}
