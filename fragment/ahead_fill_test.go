package fragment_test

import (
	"context"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A fill that begins in a turn reads for itself:
//
//	a turn fetches a part; another process invalidates it;
//	a fill begins, with the stamps of now, and asks for the part.
func TestAFillInsideOfATurnIsMadeOfNothingOld(t *testing.T) {
	p := newParts(t, 4, fragment.Options{})
	p.turn(1)
	ctx, done := p.ahead.Fetch(t.Context())
	defer done()
	must(t, p.caches[1].InvalidateTags(t.Context(), "even"))
	page := fragment.KeyOf("page")
	got, err := p.caches[0].Do(ctx, page, withTags("even"), func(ctx context.Context) ([]byte, error) {
		return p.caches[0].Do(ctx, fragment.KeyOf("part", 2), partPolicy(2), give("2"))
	})
	if string(got) != "2" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	wantGet(t, p.caches[1], page, "2")
}

// A turn inside of a fill saves its trips too; what was invalidated meanwhile keeps
// the fill from being stored.
func TestATurnInsideOfAFill(t *testing.T) {
	p := newParts(t, 6, fragment.Options{})
	p.turn(1)
	for _, invalidated := range []bool{false, true} {
		page, between := fragment.KeyOf("page", invalidated), func(i int) {
			if i == 4 && invalidated {
				must(t, p.caches[1].InvalidateTags(t.Context(), "even"))
			}
		}
		wantDo(t, p.caches[0], page, withTags(), func(ctx context.Context) ([]byte, error) {
			ctx, done := p.ahead.Fetch(ctx)
			defer done()
			p.server.ResetTrips()
			for i := range p.n {
				between(i)
				do(t, ctx, p.caches[0], fragment.KeyOf("part", i), partPolicy(i), give("2"))
			}
			if n := p.server.Trips(); n.GetMany > 0 && !invalidated {
				t.Errorf("the parts took %v after they were fetched", n)
			}
			return []byte("page"), nil
		}, "page")
		if _, ok, _ := p.caches[1].Get(t.Context(), page); ok == invalidated {
			t.Errorf("a part was invalidated: %v, and the page is stored: %v", invalidated, ok)
		}
	}
}
