package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// Whatever is stored in place of a frame is read without a panic, within memory in
// proportion to its size, or not read at all.
func FuzzOpenFrame(f *testing.F) {
	r := holes(f, "a")
	valid, err := fresh(f, fragment.Options{}).Do(context.Background(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "body")
		return errors.Join(err, r.WriteHole(ctx, w, "a", nil, true, 1, uint64(2), 0.5, "s", []byte("b"), []any{1, []any{"x"}}), r.WriteHole(ctx, w, "a"))
	}))
	must(f, err)
	f.Add(valid)
	for _, s := range []string{"", "\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x04\x00\x00\x00\x00\x01a\x00", "\x0b\x00\x00\x00\x00\x01a\x01l\xff\xff\xff\xff\xff\x7f", "\x05\x00\x00\x00\x00\x01a\x40s"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		framed, ok := fragment.OpenFrame(frame, func(h fragment.Hole) bool { return r.HasHole(h.Name) })
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(256*len(frame)+1<<20) {
			t.Errorf("%d bytes took %d bytes of memory", len(frame), took)
		}
		if !ok {
			return
		}
		var b bytes.Buffer
		n := 0
		must(t, framed.Write(&b, func(fragment.Hole) error { n++; return nil }))
		if n == 0 || b.Len() > len(frame) || !bytes.HasSuffix(frame, b.Bytes()) {
			t.Errorf("%d holes in %q", n, b.Bytes())
		}
	})
}

// Whatever text is around a hole, it stays what it is and where it is; what was cut
// from a mark, and text that looks like one, is none.
func FuzzMarks(f *testing.F) {
	f.Add("h <&\"'\nAAAAAAAAAAAAAAAAAAAAAAAAAA0;", "h <&\"'\n", "", 3)
	f.Add("", "0;", "h", 0)
	r := holes(f, "a")
	f.Fuzz(func(t *testing.T, before, between, after string, piece int) {
		var passed string
		value, err := fresh(t, fragment.Options{}).Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			ctx, set := fragment.CollectHoles(ctx, r, nil)
			var b bytes.Buffer
			b.WriteString(before)
			must(t, r.WriteHole(ctx, &b, "a"))
			b.WriteString(between)
			must(t, r.WriteHole(ctx, &b, "a"))
			b.WriteString(after)
			passed = throughPieces(set, b.Bytes(), max(1, piece%100))
			return set.Frame(nil, b.Bytes())
		})
		want := before + "<a>" + between + "<a>" + after
		if got := unframed(t, r, value); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		if passed != want {
			t.Errorf("in pieces of %d: got %q, want %q", piece, passed, want)
		}
	})
}

// throughPieces fills the holes of a body that comes in pieces.
func throughPieces(set *fragment.Holes, body []byte, piece int) string {
	var out strings.Builder
	var rest []byte
	for len(body) > 0 {
		n := min(piece, len(body))
		rest, body = append(rest, body[:n]...), body[n:]
		for {
			before, h, after, found := set.Next(rest)
			if !found {
				break
			}
			out.Write(before)
			out.WriteString("<" + h.Name + ">")
			rest = after
		}
		end := len(rest) - set.Partial(rest)
		out.Write(rest[:end])
		rest = rest[end:]
	}
	out.Write(rest)
	return out.String()
}
