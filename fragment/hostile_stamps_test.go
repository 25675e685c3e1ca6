package fragment_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// What others left in place of a stamp costs misses, and is replaced by the next
// fill.
func TestBytesInPlaceOfAStamp(t *testing.T) {
	for name, over := range map[string]func(b fragment.Backend) fragment.Backend{
		"adds":         func(b fragment.Backend) fragment.Backend { return b },
		"does not add": func(b fragment.Backend) fragment.Backend { return struct{ fragment.Backend }{b} },
	} {
		server := fragmenttest.NewServer()
		c := open(t, over(server.Connect()), fragment.Options{})
		wantDo(t, c, body, withTags("one"), tagged("two", "v"), "v")
		for _, key := range server.Keys() {
			if !isStamp(key) {
				continue
			}
			for _, bytes := range []string{"", "short", "longer than a stamp is", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
				server.Put(key, []byte(bytes))
				for range 3 {
					wantDo(t, c, body, withTags("one"), tagged("two", "v"), "v")
				}
				if got, ok, err := c.Get(t.Context(), body); !ok || err != nil {
					t.Errorf("a backend that %s: after %q under %q: Get = %q, %t, %v, want what was filled meanwhile", name, bytes, key, got, ok, err)
				}
				must(t, c.Set(t.Context(), head, nil, withTags("one")))
				wantGet(t, c, head, "")
			}
		}
	}
}

// An entry that carries tags without end costs a miss, and not the time of its
// visitor or the room of the server.
func TestForgedTagsCostAMiss(t *testing.T) {
	server := fragmenttest.NewServer()
	c := open(t, server.Connect(), fragment.Options{})
	wantDo(t, c, body, withTags("one"), give("v"), "v")
	whole, _ := server.Raw("body")
	const n = 10_000
	forged := bytes.Clone(whole[:len(whole)-len("v")])
	for slot := range n {
		tag := binary.LittleEndian.AppendUint64(nil, 1)
		tag = binary.LittleEndian.AppendUint16(tag, uint16(slot))
		forged = append(binary.LittleEndian.AppendUint16(append(forged, tag...), 1), 't')
	}
	binary.LittleEndian.PutUint16(forged[50:], 2+n) // the key, "one" and those
	binary.LittleEndian.PutUint32(forged[52:], uint32(len(forged)-entryHead))
	server.Put("body", mendBound(append(forged, 'v'), "body"))

	held := server.Len()
	server.ResetTrips()
	wantDo(t, c, body, withTags("one"), give("new"), "new")
	const remembered = 64 // of the tags that were seen last
	if trips, more := server.Trips(), server.Len()-held; trips.All() > remembered+20 || more > remembered {
		t.Errorf("it took %v, and the server holds %d more; want few trips and entries", trips, more)
	}
	wantGet(t, c, body, "new")
}
