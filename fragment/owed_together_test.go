package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An invalidation for several caches, of which one cannot be told, is owed to all
// of them together. Were it owed to that one alone, then
//
//	the pages are told, and the parts are not;
//	another process, which reads parts that are old, stores a page of them, as
//	newer than what the pages were told;
//	it is served by who has invalidated it, and by all, when the parts are told.
func TestWhatOneCacheIsNotToldIsOwedToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type process struct {
			fragment.Registry
			parts, pages *fragment.Cache
		}
		server, ctx := fragmenttest.NewServer(), t.Context()
		newProcess := func() (p *process, parts *fragmenttest.Conn) {
			p, parts = new(process), server.Connect()
			p.parts = open(t, parts, fragment.Options{Prefix: "parts", MaxFaults: -1})
			p.pages = open(t, server.Connect(), fragment.Options{Prefix: "pages", MaxFaults: -1})
			must(t, p.Use("parts", p.parts))
			must(t, p.Use("pages", p.pages))
			return p, parts
		}
		here, conn := newProcess()
		there, _ := newProcess()
		part, page := fragment.KeyOf("part"), fragment.KeyOf("page")
		fillPage := func(p *process, value string) {
			p.pages.Do(ctx, page, withTags(), func(ctx context.Context) ([]byte, error) {
				return p.parts.Do(ctx, part, withTags(), tagged("t", value))
			})
		}
		fillPage(here, "old")
		conn.Cut()
		wantErr(t, "InvalidateTags", here.InvalidateTags(ctx, "t"), errUnreachable)
		must(t, here.pages.InvalidateTags(ctx, "t")) // which is no more than the half of it
		fillPage(there, "new")
		wantGet(t, there.pages, page, "old") // whom nobody could tell of the part
		wantGet(t, here.pages, page, "-")
		fillPage(here, "new")
		time.Sleep(10 * time.Second)
		wantGet(t, here.pages, page, "-")
		conn.Mend()
		time.Sleep(2 * time.Second)
		wantGet(t, here.pages, page, "-")
		wantGet(t, there.pages, page, "-")
		fillPage(there, "new")
		wantGet(t, here.pages, page, "new")
	})
}
