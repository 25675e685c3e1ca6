package memo_test

import (
	"context"
	"fmt"
	"reflect"
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
	b.Run("struct", func(b *testing.B) { benchmarkHit(b, rows(1)[0]) })
	b.Run("rows=100", func(b *testing.B) { benchmarkHit(b, rows(100)) })
}

func benchmarkHit[V any](b *testing.B, value V) {
	ctx := b.Context()
	c := bigcache(b)
	f := memo.New(c, "row", fragment.Policy{}, func(context.Context, int64) (V, error) { return value, nil })
	mustDo(b, f.Err())
	_ = mustGet2(f.Get(ctx, 42))(b)
	raw, ok, err := c.Get(ctx, f.Key(42))
	if !ok || err != nil {
		b.Fatalf("nothing stored: %v", err)
	}
	decoding, err := codecOptions.DecMode()
	mustDo(b, err)
	fill := func(context.Context) ([]byte, error) { return raw, nil }
	id := int64(42)
	ratio.Compare(b, func(n int) {
		for range n {
			stored, err := c.Do(ctx, fragment.KeyOf("row", id), fragment.Policy{}, fill)
			if err != nil {
				b.Fatal(err)
			}
			var v V
			if err := decoding.Unmarshal(stored, &v); err != nil {
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
