package memo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/ratio"
	"github.com/pongocache/pongocache/memo"
)

type row struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	Email   string    `json:"email"`
	Phone   string    `json:"phone"`
	Address string    `json:"address"`
	Created time.Time `json:"created_at"`
}

func rows(n int) []row {
	all := make([]row, n)
	for i := range all {
		all[i] = row{
			ID: int64(i), Name: fmt.Sprintf("Name%03d Surname%03d", i, i), Email: fmt.Sprintf("name.surname%d@example.com", i),
			Phone: fmt.Sprintf("+49 30 %08d", i), Address: fmt.Sprintf("%d Long Street, 10115 Berlin", i),
			Created: time.Date(2026, 1, 2, 3, 4, i%60, 123456789, time.UTC),
		}
	}
	return all
}

// codecOptions are those of the package: what decoding costs alone.
var codecOptions = cbor.DecOptions{
	MaxNestedLevels: 32, MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 17, IndefLength: cbor.IndefLengthForbidden,
	DupMapKey: cbor.DupMapKeyEnforcedAPF, UTF8: cbor.UTF8DecodeInvalid, IntDec: cbor.IntDecConvertSignedOrBigInt,
	DefaultMapType: reflect.TypeFor[map[string]any](),
}

// A hit beside KeyOf, Do and the decoding of the same bytes, by hand.
func BenchmarkHit(b *testing.B) {
	b.Run("struct", func(b *testing.B) { benchmarkHit(b, rows(1)[0], nil, byCBOR[row](b)) })
	b.Run("rows=100", func(b *testing.B) { benchmarkHit(b, rows(100), nil, byCBOR[[]row](b)) })
	b.Run("json/struct", func(b *testing.B) { benchmarkHit(b, rows(1)[0], memo.JSON[row]{}, byJSON[row]) })
	b.Run("json/rows=100", func(b *testing.B) { benchmarkHit(b, rows(100), memo.JSON[[]row]{}, byJSON[[]row]) })
	page := strings.Repeat("<p>a line</p>\n", 1500)
	b.Run("bytes=20K", func(b *testing.B) {
		benchmarkHit(b, []byte(page), nil, func(raw []byte, v *[]byte) error { *v = bytes.Clone(raw); return nil })
	})
	b.Run("text=20K", func(b *testing.B) {
		benchmarkHit(b, page, nil, func(raw []byte, v *string) error { *v = string(raw); return nil })
	})
}

func byCBOR[V any](b *testing.B) func([]byte, *V) error {
	decoding, err := codecOptions.DecMode()
	mustDo(b, err)
	return func(raw []byte, v *V) error { return decoding.Unmarshal(raw, v) }
}

func byJSON[V any](raw []byte, v *V) error { return json.Unmarshal(raw, v) }

func benchmarkHit[V any](b *testing.B, value V, codec memo.Codec[V], decode func([]byte, *V) error) {
	ctx := b.Context()
	c := bigcache(b)
	f, err := memo.NewWithOptions(c, "row", fragment.Policy{}, memo.Options[int64, V]{Codec: codec},
		func(context.Context, int64) (V, error) { return value, nil })
	mustDo(b, err)
	_ = mustGet2(f.Get(ctx, 42))(b)
	raw, ok, err := c.Get(ctx, f.Key(42))
	if !ok || err != nil {
		b.Fatalf("nothing stored: %v", err)
	}
	fill := func(context.Context) ([]byte, error) { return raw, nil }
	id := int64(42)
	ratio.Compare(b, func(n int) {
		for range n {
			stored, err := c.Do(ctx, fragment.KeyOf("row", id), fragment.Policy{}, fill)
			if err != nil {
				b.Fatal(err)
			}
			var v V
			if err := decode(stored, &v); err != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			if _, err := f.Get(ctx, id); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// 100 answers at once beside one after another, in the memory of the process.
func BenchmarkMany(b *testing.B) {
	ids := make([]int64, 100)
	for i := range ids {
		ids[i] = int64(i)
	}
	for _, missing := range []bool{false, true} {
		b.Run(fmt.Sprintf("missing=%v", missing), func(b *testing.B) { benchmarkMany(b, ids, missing) })
	}
}

func benchmarkMany(b *testing.B, ids []int64, missing bool) {
	ctx, one := b.Context(), rows(1)[0]
	f, err := memo.NewWithOptions(bigcache(b), "row", fragment.Policy{}, memo.Options[int64, row]{
		LoadMany: func(_ context.Context, ids []int64) ([]memo.Result[row], error) {
			results := make([]memo.Result[row], len(ids))
			for i := range results {
				results[i].Value = one
			}
			return results, nil
		},
	}, func(context.Context, int64) (row, error) { return one, nil })
	mustDo(b, err)
	begin := func() {
		if missing {
			mustDo(b, f.DeleteAll(ctx))
		}
	}
	ratio.Compare(b, func(n int) {
		for range n {
			begin()
			for _, id := range ids {
				_ = mustGet2(f.Get(ctx, id))(b)
			}
		}
	}, func(n int) {
		for range n {
			begin()
			for _, r := range f.GetMany(ctx, ids) {
				mustDo(b, r.Err)
			}
		}
	})
}

// What an argument costs: the answer is as short as can be.
func BenchmarkArgument(b *testing.B) {
	type page struct {
		Word named
		Page int
	}
	b.Run("int", func(b *testing.B) { benchmarkArgument(b, 42) })
	b.Run("string", func(b *testing.B) { benchmarkArgument(b, "forty-two") })
	b.Run("named", func(b *testing.B) { benchmarkArgument(b, named("forty-two")) })
	b.Run("struct", func(b *testing.B) { benchmarkArgument(b, page{"forty-two", 42}) })
}

func benchmarkArgument[K any](b *testing.B, k K) {
	f := memo.New(bigcache(b), "argument", fragment.Policy{}, func(context.Context, K) (bool, error) { return true, nil })
	mustDo(b, f.Err())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Get(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
}

func bigcache(b *testing.B) *fragment.Cache {
	b.Helper()
	c, err := fragment.Open(b.Context(), "bigcache://?size=16MiB", fragment.Options{})
	mustDo(b, err)
	b.Cleanup(func() { _ = c.Close() })
	return c
}
