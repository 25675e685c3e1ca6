package faulttest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// sites is how many there are in a world.
const sites = 2

// A site is one of the processes that share a server: a cache, and an application
// that uses it in each way there is.
type site struct {
	cache *fragment.Cache
	seen  *witness
	url   string
}

// An entry is fresh for so long: only an invalidation ends it within a test.
const life = time.Minute

const view = `<page={{ page }} memo={{ memo }} {% cache 60 "block" row tags=tag %}block={{ read() }} {{ text }}{% endcache %}>`

func newSite(t *testing.T, rows *ledger, open func(fragment.Options) *fragment.Cache) *site {
	s := &site{seen: newWitness()}
	s.cache = open(fragment.Options{Prefix: "fault", Observe: s.seen.observe, ReadTimeout: readBudget})
	nothing, err := fragment.New(fragment.Null(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/cached/", newApp(t, rows, s.cache))
	mux.Handle("/plain/", newApp(t, rows, nothing))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		s.cache.Close()
	})
	s.url = server.URL
	return s
}

// newApp returns the application on a cache.
func newApp(t *testing.T, rows *ledger, cache *fragment.Cache) *echo.Echo {
	caches := new(fragment.Registry)
	if err := caches.Use(fragment.DefaultName, cache); err != nil {
		t.Fatal(err)
	}
	views, err := templates.New(fstest.MapFS{"page.html": {Data: []byte(view)}}, caches, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	load := memo.New(cache, "memo", fragment.Policy{TTL: life}, func(ctx context.Context, no int) (int64, error) {
		fragment.AddTags(ctx, tagOf(no))
		return rows.rows[no].version.Load(), nil
	})
	h := &handler{rows: rows, load: load}
	e := echo.New()
	e.Renderer = echoext.Renderer(views)
	e.GET("/:kind/:row", h.show, echoext.Page(cache, fragment.Policy{TTL: life}))
	return e
}

// invalidate frees all that shows a row.
func (s *site) invalidate(no int) error {
	return s.cache.InvalidateTags(context.Background(), tagOf(no))
}

func tagOf(no int) string { return fmt.Sprintf("row:%d", no) }

// textOf is what a block of a row holds beside its version.
func textOf(no int) string { return strings.Repeat(fmt.Sprintf("row %d, ", no), 250) }

// A handler shows rows.
type handler struct {
	rows *ledger
	load *memo.Func[int, int64]
}

func (h *handler) show(c echo.Context) error {
	no, err := strconv.Atoi(c.Param("row"))
	if err != nil {
		return err
	}
	ctx, version := c.Request().Context(), &h.rows.rows[no].version
	fragment.AddTags(ctx, tagOf(no))
	page := version.Load()
	loaded, err := h.load.Get(ctx, no)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "page.html", map[string]any{
		"page": page, "memo": loaded, "row": no, "tag": tagOf(no), "text": textOf(no),
		"read": func(ec *pongo2.ExecutionContext) int64 {
			fragment.AddTags(tags.Context(ec), tagOf(no))
			return version.Load()
		},
	})
}

// check tells what is wrong with a page of a row of which nothing older than floor
// may be shown.
func check(text string, no int, floor int64) error {
	var page, loaded, block int64
	head, whole := strings.CutSuffix(text, " "+textOf(no)+">")
	if n, err := fmt.Sscanf(head, "<page=%d memo=%d block=%d", &page, &loaded, &block); n != 3 || err != nil || !whole {
		return fmt.Errorf("the page of row %d is torn: %.80q, and %d bytes in all", no, text, len(text))
	}
	if page < floor || loaded < floor || block < floor {
		return fmt.Errorf("row %d is shown as page=%d memo=%d block=%d: want nothing older than version %d", no, page, loaded, block, floor)
	}
	return nil
}
