package memo_test

import (
	"context"
	"encoding/xml"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func ExampleJSON() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	customers, err := memo.NewWithOptions(cache, "customer", fragment.Policy{}, memo.Options[int, customer]{
		Codec: memo.JSON[customer]{},
	}, query)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := customers.Get(ctx, 42)
	fmt.Println(c.Name, err)
	raw, _, _ := cache.Get(ctx, customers.Key(42))
	fmt.Println(string(raw))
	// Output:
	// query 42
	// Ada <nil>
	// {"ID":42,"Name":"Ada"}
}

// asXML is a Codec of one's own.
type asXML[V any] struct{}

func (asXML[V]) Name() string                     { return "xml" }
func (asXML[V]) Marshal(v V) ([]byte, error)      { return xml.Marshal(v) }
func (asXML[V]) Unmarshal(raw []byte, v *V) error { return xml.Unmarshal(raw, v) }

func ExampleCodec() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	customers, err := memo.NewWithOptions(cache, "customer", fragment.Policy{}, memo.Options[int, customer]{
		Codec: asXML[customer]{},
	}, query)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		c, err := customers.Get(ctx, 42)
		fmt.Println(c.Name, err)
	}
	raw, _, _ := cache.Get(ctx, customers.Key(42))
	fmt.Println(string(raw))
	// Output:
	// query 42
	// Ada <nil>
	// Ada <nil>
	// <customer><ID>42</ID><Name>Ada</Name></customer>
}
