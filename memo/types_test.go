package memo_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/fxamacker/cbor/v2"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func noValue[V any](context.Context) (v V, err error) { return v, nil }

func noLoad[K, V any](context.Context, K) (v V, err error) { return v, nil }

// errOfValue is what is wrong with V as an answer.
func errOfValue[V any](c *fragment.Cache) error {
	return memo.New(c, "x", fragment.Policy{}, noLoad[int, V]).Err()
}

// errOfKey is what is wrong with K as an argument.
func errOfKey[K any](c *fragment.Cache) error {
	return memo.New(c, "x", fragment.Policy{}, noLoad[K, int]).Err()
}

type (
	named    string
	base     struct{ ID int }
	tree     struct{ Kids []tree }
	halfText int
	keyed    struct{ f func() }
	pkeyed   struct{ m map[string]int }
	loop     *loop
	Selfish  struct{ *Selfish }
	chain    struct {
		Next *chain
	}
)

func (halfText) MarshalText() ([]byte, error) { return nil, nil }
func (keyed) CacheKey() string                { return "k" }
func (*pkeyed) CacheKey() string              { return "p" }

type halfBinary struct{ A int }

func (halfBinary) MarshalBinary() ([]byte, error) { return nil, nil }

type halfRead struct{ A int }

func (*halfRead) UnmarshalBinary([]byte) error { return nil }

func TestGoodValues(t *testing.T) {
	c, _ := newCache(t)
	for name, err := range map[string]error{
		"string": errOfValue[string](c), "bytes": errOfValue[[]byte](c), "bool": errOfValue[bool](c),
		"uint64": errOfValue[uint64](c), "float32": errOfValue[float32](c), "named": errOfValue[named](c),
		"any": errOfValue[any](c), "map of any": errOfValue[map[string]any](c), "empty struct": errOfValue[struct{}](c),
		"pointer": errOfValue[*user](c), "list": errOfValue[[]user](c), "array": errOfValue[[4]byte](c),
		"time": errOfValue[time.Time](c), "big.Int": errOfValue[*big.Int](c), "url": errOfValue[url.URL](c),
		"addr": errOfValue[netip.Addr](c), "ip": errOfValue[net.IP](c), "null string": errOfValue[sql.NullString](c),
		"raw json": errOfValue[json.RawMessage](c), "raw cbor": errOfValue[cbor.RawMessage](c),
		"text alone": errOfValue[struct{ Rate *big.Rat }](c),
		"recursive":  errOfValue[tree](c), "map with struct keys": errOfValue[map[base]int](c),
		"embedded":         errOfValue[struct{ base }](c),
		"embedded pointer": errOfValue[struct{ *sql.NullString }](c),
		"blank field":      errOfValue[struct{ _, A int }](c),
		"wrapped time":     errOfValue[struct{ time.Time }](c),
		"cbor tag over json": errOfValue[struct {
			Hash string `cbor:"Hash" json:"-"`
		}](c),
		"field called -": errOfValue[struct {
			A int `cbor:"-,"`
		}](c),
		"half text": errOfValue[halfText](c),
		"to array": errOfValue[struct {
			_ struct{} `cbor:",toarray"`
			A int
		}](c),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadValues(t *testing.T) {
	c, _ := newCache(t)
	type deep struct {
		Orders []map[string]struct{ Total chan int }
	}
	type twice struct {
		base
		Other struct{ ID int }
		user
	}
	for name, bad := range map[string]struct {
		err  error
		want []string // each is in the message
	}{
		"chan":           {errOfValue[chan int](c), []string{`loader "x"`, "chan int", "leave it out"}},
		"func":           {errOfValue[func()](c), []string{"func()", "leave it out"}},
		"complex":        {errOfValue[[]complex128](c), []string{"[]complex128[]", "complex128"}},
		"uintptr":        {errOfValue[uintptr](c), []string{"uintptr"}},
		"unsafe pointer": {errOfValue[unsafe.Pointer](c), []string{"unsafe.Pointer"}},
		"error":          {errOfValue[error](c), []string{"interface with methods", "any"}},
		"path":           {errOfValue[deep](c), []string{"deep.Orders[][].Total"}},
		"map key":        {errOfValue[map[complex64]int](c), []string{"[key]"}},
		"json -": {errOfValue[struct {
			Hash string `json:"-"`
		}](c), []string{".Hash", `json:"-"`, `cbor:"Hash"`}},
		"cbor -": {errOfValue[struct {
			Hash string `cbor:"-"`
		}](c), []string{".Hash", `cbor:"-"`, "remove the tag"}},
		"unexported": {errOfValue[struct{ A, b int }](c), []string{".b", "unexported", "export it"}},
		"mutex":      {errOfValue[struct{ Mu sync.Mutex }](c), []string{".Mu", "unexported"}},
		"lone inside": {errOfValue[struct {
			At *net.IPNet
			By *url.Userinfo
		}](c), []string{".By.username"}},
		"pointer keys":     {errOfValue[map[*int]int](c), []string{"keys hold pointers"}},
		"pointers in keys": {errOfValue[map[struct{ A [2]*int }]int](c), []string{"keys hold pointers"}},
		"pointer loop":     {errOfValue[loop](c), []string{"point to a value"}},
		"one name twice": {errOfValue[struct {
			A int `cbor:"x"`
			B int `json:"x"`
		}](c), []string{".A", ".B", "one name"}},
		"embedded twice": {errOfValue[twice](c), []string{"twice.base.ID", "twice.user.ID", "one name"}},
		"hidden by the outer": {errOfValue[struct {
			base
			ID string
		}](c), []string{".base.ID", ".ID"}},
		"embeds itself": {errOfValue[Selfish](c), []string{"embeds itself"}},
		"embedded time": {errOfValue[struct {
			time.Time
			Note string
		}](c), []string{"Time", "MarshalBinary", "named field"}},
		"embedded big.Int": {errOfValue[struct {
			big.Int
			Note string
		}](c), []string{"Int", "named field"}},
		"embedded unexported pointer": {errOfValue[struct{ *base }](c), []string{".base", "unexported"}},
		"half binary":                 {errOfValue[halfBinary](c), []string{"MarshalBinary", "no UnmarshalBinary"}},
		"other half":                  {errOfValue[halfRead](c), []string{"UnmarshalBinary", "no MarshalBinary"}},
		"half text among text": {errOfValue[struct {
			A *big.Rat
			B halfText
		}](c), []string{".B", "MarshalText"}},
	} {
		if bad.err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range bad.want {
			if !strings.Contains(bad.err.Error(), want) {
				t.Errorf("%s: %q does not mention %q", name, bad.err, want)
			}
		}
	}
}
