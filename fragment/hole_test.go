package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func text(s string) fragment.HoleFunc {
	return func(_ context.Context, w io.Writer, _ []any) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func holes(t testing.TB, names ...string) *fragment.Registry {
	t.Helper()
	r := new(fragment.Registry)
	for _, name := range names {
		must(t, r.Hole(name, text("<"+name+">")))
	}
	return r
}

func TestHoleIsRegisteredOnceAndByAName(t *testing.T) {
	r := holes(t, "a")
	for name, want := range map[string]string{
		"a": `hole "a" is registered already`, "": "want a name of 1 to 100 bytes", "a b": "want a name", "a,b": "want a name",
		"\x01": "want a name", strings.Repeat("x", 101): "want a name",
	} {
		if err := r.Hole(name, text("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got error %v, want %q", name, err, want)
		}
	}
	if err := r.Hole("b", nil); err == nil || r.HasHole("b") {
		t.Errorf("a hole without a function: %v", err)
	}
	if err := r.WriteHole(t.Context(), io.Discard, "c"); err == nil || !strings.Contains(err.Error(), `register a function by Registry.Hole("c", …)`) {
		t.Errorf("an unknown hole: %v", err)
	}
}

func TestHoleOutsideOfAFillIsFilledInPlace(t *testing.T) {
	type key struct{}
	r, b := new(fragment.Registry), new(strings.Builder)
	must(t, r.Hole("a", func(ctx context.Context, w io.Writer, args []any) error {
		_, err := fmt.Fprint(w, ctx.Value(key{}), args)
		return err
	}))
	must(t, r.WriteHole(context.WithValue(t.Context(), key{}, "mine"), b, "a", 1, "x"))
	if b.String() != "mine[1 x]" {
		t.Errorf("got %q", b)
	}
	if err := r.WriteHole(t.Context(), b, "a", 1, struct{}{}); err == nil || !strings.Contains(err.Error(), `hole "a", argument 2: fragment: a struct {} cannot be`) {
		t.Errorf("a struct: %v", err)
	}
}

// Where an entry does not keep holes it must not have what they show.
func TestFillThatKeepsNoHolesIsNotStored(t *testing.T) {
	r := holes(t, "a")
	c := fresh(t, fragment.Options{})
	for range 2 {
		wantDo(t, c, fragment.KeyOf("k"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			var b bytes.Buffer
			err := r.WriteHole(ctx, &b, "a")
			return b.Bytes(), err
		}, "<a>")
		wantGet(t, c, fragment.KeyOf("k"), "-")
	}
}

// framed is a fill that keeps holes, and returns the frame of what f writes.
func framed(r *fragment.Registry, f func(ctx context.Context, w io.Writer) error) fill {
	return func(ctx context.Context) ([]byte, error) {
		ctx, set := fragment.CollectHoles(ctx, r, nil)
		var b bytes.Buffer
		if err := f(ctx, &b); err != nil {
			return nil, err
		}
		return set.Frame(nil, b.Bytes())
	}
}

// unframed fills the holes of a frame.
func unframed(t *testing.T, r *fragment.Registry, frame []byte) string {
	t.Helper()
	f, ok := fragment.OpenFrame(frame, func(h fragment.Hole) bool { return r.HasHole(h.Name) })
	if !ok {
		t.Fatalf("%q is no frame", frame)
	}
	var b strings.Builder
	must(t, f.Write(&b, func(h fragment.Hole) error { return fragment.WriteHole(t.Context(), &b, r, h) }))
	return b.String()
}

func TestFrameHoldsTheHolesBesideTheBody(t *testing.T) {
	r := holes(t, "a", "b")
	c := fresh(t, fragment.Options{})
	value, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "x")
		return errors.Join(err, r.WriteHole(ctx, w, "a", 1), r.WriteHole(ctx, w, "b"), r.WriteHole(ctx, w, "a"))
	}))
	if got := unframed(t, r, value); err != nil || got != "x<a><b><a>" || bytes.ContainsAny(value, "<&") {
		t.Errorf("got %q of %q, %v", got, value, err)
	}
}

// A value that is loaded inside of a page has no marks of the page, nor what its holes
// show.
func TestFillInsideOfOneThatKeepsHoles(t *testing.T) {
	r := holes(t, "a")
	c := fresh(t, fragment.Options{})
	inner := func(ctx context.Context) ([]byte, error) {
		var b bytes.Buffer
		err := r.WriteHole(ctx, &b, "a")
		return b.Bytes(), err
	}
	value, err := c.Do(t.Context(), fragment.KeyOf("page"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
		loaded, err := c.Do(ctx, fragment.KeyOf("inner"), fragment.Policy{}, inner)
		if string(loaded) != "<a>" {
			t.Errorf("the inner fill has %q", loaded)
		}
		return errors.Join(err, r.WriteHole(ctx, w, "a"))
	}))
	if got := unframed(t, r, value); err != nil || got != "<a>" {
		t.Errorf("got %q, %v", got, err)
	}
	wantGet(t, c, fragment.KeyOf("page"), "-")
	wantGet(t, c, fragment.KeyOf("inner"), "-")
}

// Of another Registry the function is another one.
func TestHoleOfAnotherRegistryIsNotKept(t *testing.T) {
	r, other := holes(t, "a"), holes(t, "a")
	c := fresh(t, fragment.Options{})
	_, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		err := other.WriteHole(ctx, &b, "a")
		if b.String() != "<a>" {
			t.Errorf("got %q", b.String())
		}
		return errors.Join(err, r.WriteHole(ctx, w, "a"))
	}))
	must(t, err)
	wantGet(t, c, fragment.KeyOf("k"), "-")
}

func TestMarkThatIsChangedIsLost(t *testing.T) {
	r := holes(t, "a")
	for name, change := range map[string]func(mark string) string{
		"gone":                func(string) string { return "x" },
		"upper":               strings.ToUpper,
		"lower":               strings.ToLower,
		"escaped":             func(m string) string { return strings.ReplaceAll(m, "<", "&lt;") },
		"quotes":              func(m string) string { return strings.ReplaceAll(m, `"`, `\"`) },
		"apostrophe":          func(m string) string { return strings.ReplaceAll(m, `'`, "&#39;") },
		"ampersand":           func(m string) string { return strings.ReplaceAll(m, "&", "&amp;") },
		"spaces":              func(m string) string { return strings.Join(strings.Fields(m), " ") },
		"cut":                 func(m string) string { return m[:20] },
		"cut at its end":      func(m string) string { return m[:len(m)-1] },
		"number":              func(m string) string { return strings.ReplaceAll(m, "0;", "7;") },
		"number in digits":    func(m string) string { return strings.ReplaceAll(m, "0;", "00;") },
		"whole and cut":       func(m string) string { return m + m[:20] },
		"whole and lower":     func(m string) string { return m + strings.ToLower(m) },
		"turned around":       func(m string) string { return m[10:] + m[:10] },
		"whole and no number": func(m string) string { return m + m[:len(m)-2] + "x;" },
	} {
		c := fresh(t, fragment.Options{})
		_, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
			var b strings.Builder
			err := r.WriteHole(ctx, &b, "a")
			_, e := io.WriteString(w, change(b.String()))
			return errors.Join(err, e)
		}))
		if !errors.Is(err, fragment.ErrHoleLost) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestHolesAreBounded(t *testing.T) {
	r := holes(t, "a")
	for n, ok := range map[int]bool{1 << 14: true, 1<<14 + 1: false} {
		c := fresh(t, fragment.Options{})
		_, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) (err error) {
			for range n {
				err = errors.Join(err, r.WriteHole(ctx, w, "a"))
			}
			return err
		}))
		if (err == nil) != ok {
			t.Errorf("%d holes: %v", n, err)
		}
	}
}

// Goroutines of one handler may write holes at once.
func TestHolesOfSeveralGoroutines(t *testing.T) {
	r := new(fragment.Registry)
	must(t, r.Hole("n", func(_ context.Context, w io.Writer, args []any) error { _, err := fmt.Fprint(w, args...); return err }))
	c := fresh(t, fragment.Options{})
	value, err := c.Do(t.Context(), fragment.KeyOf("k"), fragment.Policy{}, framed(r, func(ctx context.Context, w io.Writer) error {
		parts := make([]bytes.Buffer, 50)
		var wg sync.WaitGroup
		for i := range parts {
			wg.Go(func() { must(t, r.WriteHole(ctx, &parts[i], "n", i)) })
		}
		wg.Wait()
		for i := range parts {
			parts[i].WriteTo(w)
			io.WriteString(w, ",")
		}
		return nil
	}))
	want := ""
	for i := range 50 {
		want += fmt.Sprint(i, ",")
	}
	if got := unframed(t, r, value); err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCacheKnowsItsRegistry(t *testing.T) {
	r, other := new(fragment.Registry), new(fragment.Registry)
	c := fresh(t, fragment.Options{})
	if c.Registry() != nil {
		t.Error("a cache of no registry has one")
	}
	declared := r.Cache("later")
	must(t, r.Use("a", c))
	must(t, other.Use("b", c))
	for name, one := range map[string]*fragment.Cache{"given to Use": c, "declared": declared, "used": r.Cache("a")} {
		if one.Registry() != r {
			t.Errorf("%s: got %p, want %p", name, one.Registry(), r)
		}
	}
	if other.Cache("b").Registry() != other {
		t.Error("the handle of the other registry is not of that")
	}
}
