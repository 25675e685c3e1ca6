package memo_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// jsonList returns a list of n items.
func jsonList(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

// costsAsJSON is costs for JSON.
func costsAsJSON[V any](t *testing.T, label, raw string) {
	t.Helper()
	c, err := fragment.New(&shelf{}, fragment.Options{}) // unobserved: notes take memory
	mustDo(t, err)
	f := jsonOf(t, c, func() (v V) { return v })
	mustDo(t, c.Set(t.Context(), f.Key(1), []byte(raw), fragment.Policy{}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_ = mustGet2(f.Get(t.Context(), 1))(t)
	runtime.ReadMemStats(&after)
	if took, most := after.TotalAlloc-before.TotalAlloc, uint64(65<<20+80*len(raw)); took > most {
		t.Errorf("%s: %d bytes made it allocate %d MiB, want at most %d MiB", label, len(raw), took>>20, most>>20)
	}
}

func TestHostileJSONCostsLittle(t *testing.T) {
	costsAsJSON[[]large](t, "nulls", jsonList(1<<16, "null"))
	costsAsJSON[[]large](t, "numbers", jsonList(1<<16, "0"))
	costsAsJSON[[]large](t, "empty structs", jsonList(1<<16, "{}"))
	costsAsJSON[[]large](t, "with spaces", strings.Repeat(" ", 9)+jsonList(1<<16, "\n\t{ }"))
	costsAsJSON[[][1024]int64](t, "empty arrays", jsonList(1<<16, "[]"))
	costsAsJSON[[]*large](t, "pointers", jsonList(1<<16, "{}"))
	costsAsJSON[[]**large](t, "pointers to wrong types", jsonList(1<<16, "0"))
	costsAsJSON[[][]large](t, "lists of few", jsonList(128, jsonList(1<<10, "0")))
	costsAsJSON[map[string]large](t, "map", `{"a":0`+strings.Repeat(`,"b":null`, 1<<15)+"}")
	costsAsJSON[[]map[string]large](t, "small maps", jsonList(1<<15, `{"":{}}`))
	costsAsJSON[[]embedding](t, "embedded pointers", jsonList(1<<15, `{"B":[]}`))
	costsAsJSON[[]embedding](t, "embedded pointers, misspelt", jsonList(1<<15, `{"b":[]}`))
	costsAsJSON[[]embedding](t, "embedded pointers, escaped", jsonList(1<<15, `{"\u0042":[]}`))
	costsAsJSON[grove](t, "lists of itself", `{"Kids":`+jsonList(1<<16, `{"Kids":[]}`)+"}")
	costsAsJSON[any](t, "empty maps", jsonList(1<<20, "{}"))
	costsAsJSON[any](t, "small maps", jsonList(1<<18, `{"":0}`))
	costsAsJSON[any](t, "lists", jsonList(1<<19, "[[]]"))
	costsAsJSON[any](t, "nested", strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000))
	costsAsJSON[any](t, "nested too deeply", strings.Repeat("[", 1<<20))
}

func TestLargeAnswersAreStoredAsJSON(t *testing.T) {
	stored := func(label string, ok func() bool) {
		if !ok() {
			t.Errorf("%s: not stored", label)
		}
	}
	one := large{A: [1024]int64{1, 2, 3}}
	stored("structs", func() bool { return hitsAsJSON(t, filled(40, one)) })
	stored("pointers", func() bool { return hitsAsJSON(t, filled(40, &one)) })
	stored("embedded pointers", func() bool { return hitsAsJSON(t, filled(40, embedding{Wide: &Wide{B: one.A}})) })
	stored("trees", func() bool { return hitsAsJSON(t, filled(80, grove{Kids: filled(2, grove{}), A: [256]int64{1}})) })
	stored("map", func() bool { return hitsAsJSON(t, map[string]large{"a<": one, "\\": one}) })
	stored("any", func() bool { return hitsAsJSON(t, any(filled(10_000, any("text \"that\" is \\ long")))) })
	stored("rows", func() bool { return hitsAsJSON(t, rows(10_000)) })
	stored("mixed", func() bool {
		return hitsAsJSON(t, filled(20, mixed{
			Any: map[string]any{"a": []any{1, "x", nil, true, -0.5e9}}, Rows: filled(2, one), Named: map[string]*large{"x": &one, "nil": nil},
		}))
	})
}

// hitsAsJSON reports whether v is found again.
func hitsAsJSON[V any](t *testing.T, v V) bool {
	c, _ := newCache(t)
	runs := 0
	f := jsonOf(t, c, func() V { runs++; return v })
	for range 2 {
		_ = mustGet2(f.Get(t.Context(), 1))(t)
	}
	return runs == 1
}

// Whatever bytes are found under a key: an answer, no error, no crash and no
// more memory than some multiple of them.
func FuzzForeignJSON(f *testing.F) {
	for _, raw := range []string{
		"", "null", "[]", "{}", `{"U":{"Name":"x"}}`, `{"Any":[[],{},"a",1e9,true]}`, `{"Map":{"a":["x"]}}`, `{"Tree":{"Kids":[{},null]}}`,
		`{"Node":{"Next":{"Next":null}}}`, `{"Ptr":1,"Arr":[1,2,3,4,5]}`, `{"\u0055":{}}`, `{"U":{"Tags":[`, "\"\\", `{"Any":"\ud800"}`,
	} {
		f.Add([]byte(raw))
	}
	type everything struct {
		U    user
		Any  any
		Map  map[named][]string
		Tree tree
		Node *node
		Ptr  ***int
		Arr  [4]uint16
		Big  [1 << 10]large // so that the size of all is looked at
	}
	c, err := fragment.New(&shelf{}, fragment.Options{}) // unobserved: notes take memory
	mustDo(f, err)
	loader := jsonOf(f, c, func() *everything { return nil })
	f.Fuzz(func(t *testing.T, raw []byte) {
		mustDo(t, c.Set(t.Context(), loader.Key(1), raw, fragment.Policy{}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := loader.Get(t.Context(), 1); err != nil {
			t.Errorf("Get: %v", err)
		}
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(20<<20+1024*len(raw)); took > most {
			t.Errorf("%d bytes made it allocate %d, want at most %d", len(raw), took, most)
		}
	})
}
