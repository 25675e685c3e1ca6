package fragment_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/pongocache/pongocache/fragment"
)

const secret = "s3cr3t-value"

type account struct{ Password string }

// A part that cannot be told apart makes the key invalid. The error names the
// key, the part and its type, and never what is in it.
func TestInvalidKeyNamesThePartOnly(t *testing.T) {
	rows := []struct {
		part any
		want string // type
	}{
		{account{secret}, "fragment_test.account"},
		{&account{secret}, "fragment_test.account"},
		{[]account{{secret}}, "fragment_test.account"},
		{[]any{1, map[string]string{secret: secret}}, "map[string]string"},
		{map[string]int{secret: 1}, "map[string]int"},
		{map[string]int(nil), "map[string]int"},
		{func() string { return secret }, "func() string"},
		{make(chan string), "chan string"},
		{struct{}{}, "struct {}"},
		{struct{ time.Time }{}, "struct"},
		{visitor{secret}, "fragment_test.visitor"}, // CacheKey is a method of *visitor
		{[]visitor{{secret}}, "fragment_test.visitor"},
		{unsafe.Pointer(nil), "unsafe.Pointer"},
		{rand.New(rand.NewPCG(1, 2)), "rand.Rand"},
	}
	for _, row := range rows {
		k := fragment.KeyOf("account", "first", row.part, "third")
		err := k.Err()
		if err == nil {
			t.Errorf("KeyOf(%T) is valid", row.part)
			continue
		}
		for _, part := range []string{`"account"`, "part 2", row.want, "CacheKey() string"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("KeyOf(%T): %v: does not tell %s", row.part, err, part)
			}
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("KeyOf(%T): %v: tells the value", row.part, err)
		}
	}
}

func TestFirstProblemOfAKeyIsTold(t *testing.T) {
	err := fragment.KeyOf("n", []any{1, 2, account{}}, map[int]int{}).Err()
	if err == nil || !strings.Contains(err.Error(), "part 1") || !strings.Contains(err.Error(), "account") {
		t.Errorf("%v: want the first part and its struct", err)
	}
}

func TestKeyWithoutANameIsInvalid(t *testing.T) {
	for i, k := range []fragment.Key{{}, fragment.KeyOf(""), fragment.KeyOf("", 1), fragment.Space("tag").Key("", 1)} {
		if k.Err() == nil || !strings.Contains(k.Err().Error(), "KeyOf(") {
			t.Errorf("key %d: error %v, want one that shows KeyOf", i, k.Err())
		}
	}
	if fragment.KeyOf("") == fragment.KeyOf("a") {
		t.Error("an invalid key equals a valid one")
	}
}

func TestSpaceIsAWord(t *testing.T) {
	for _, space := range []fragment.Space{"tag", "page2", "Memo", "9"} {
		if err := space.Key("n").Err(); err != nil {
			t.Errorf("Space(%q): %v", space, err)
		}
	}
	for _, space := range []fragment.Space{"a b", "a!", "a|b", "~", "ä", "a\x00"} {
		if space.Key("n").Err() == nil {
			t.Errorf("Space(%q) makes valid keys", space)
		}
	}
}

// A slice that holds itself has no end, and one of many elements that do so has
// no end in very many ways.
func TestPartThatHoldsItself(t *testing.T) {
	wide := make([]any, 50)
	for i := range wide {
		wide[i] = wide
	}
	type loop *loop
	var turn loop
	turn = &turn
	ends := make(chan struct{})
	go func() {
		defer close(ends)
		for _, part := range []any{wide, turn, []any{1, wide}} {
			err := fragment.KeyOf("n", part).Err()
			if err == nil || !strings.Contains(err.Error(), "part 1") {
				t.Errorf("KeyOf of %T that holds itself: %v, want an error for part 1", part, err)
			}
		}
	}()
	select {
	case <-ends:
	case <-time.After(10 * time.Second):
		t.Fatal("KeyOf does not come to an end")
	}
}

func TestSlicesInSlices(t *testing.T) {
	nested := func(depth int) any {
		var part any = "x"
		for range depth {
			part = []any{part}
		}
		return part
	}
	if err := fragment.KeyOf("n", nested(10)).Err(); err != nil {
		t.Errorf("ten levels: %v", err)
	}
	if fragment.KeyOf("n", nested(3)) == fragment.KeyOf("n", nested(4)) {
		t.Error("three levels and four are the same key")
	}
	if fragment.KeyOf("n", nested(1000)).Err() == nil {
		t.Error("a thousand levels are a valid key")
	}
}

// Every use of an invalid key returns why it is invalid, and runs no fill.
func TestUseOfAnInvalidKey(t *testing.T) {
	ctx, c := t.Context(), fresh(t, fragment.Options{})
	bad, good := fragment.KeyOf("n", account{secret}), fragment.KeyOf("good")
	off := fragment.Policy{TTL: -1}
	run := func(context.Context) ([]byte, error) {
		t.Error("a fill was run")
		return nil, nil
	}
	uses := map[string]func() error{
		"Do":           func() error { _, err := c.Do(ctx, bad, fragment.Policy{}, run); return err },
		"Do, off":      func() error { _, err := c.Do(ctx, bad, off, run); return err },
		"Get":          func() error { _, _, err := c.Get(ctx, bad); return err },
		"Has":          func() error { _, err := c.Has(ctx, bad); return err },
		"TTL":          func() error { _, _, err := c.TTL(ctx, bad); return err },
		"Set":          func() error { return c.Set(ctx, bad, nil, fragment.Policy{}) },
		"Set, off":     func() error { return c.Set(ctx, bad, nil, off) },
		"Add":          func() error { _, err := c.Add(ctx, bad, nil, fragment.Policy{}); return err },
		"Increment":    func() error { _, err := c.Increment(ctx, bad, 1, fragment.Policy{}); return err },
		"Touch":        func() error { _, err := c.Touch(ctx, bad, fragment.Policy{}); return err },
		"Delete":       func() error { return c.Delete(ctx, good, bad) },
		"Expire":       func() error { return c.Expire(ctx, bad) },
		"GetMany":      func() error { _, err := c.GetMany(ctx, []fragment.Key{good, bad}); return err },
		"SetMany":      func() error { return c.SetMany(ctx, map[fragment.Key][]byte{good: nil, bad: nil}, fragment.Policy{}) },
		"Do, zero key": func() error { _, err := c.Do(ctx, fragment.Key{}, fragment.Policy{}, run); return err },
	}
	must(t, c.Set(ctx, good, []byte("kept"), fragment.Policy{}))
	for name, use := range uses {
		if err := use(); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	wantGet(t, c, good, "kept")
}
