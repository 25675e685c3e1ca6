package pongocache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
	"github.com/pongocache/pongocache/tags"
)

// thing is the name of all that is asked for. It begins with a slash because
// the name of a page is its route.
const thing = "/thing"

// A surface turns "ask p for x, by its policy, filled by f" into a call of its
// own.
type surface struct {
	name string
	ask  func(ctx context.Context, p *process, x string, f fill) (string, error)

	// How code that changed x frees it; nil where x has no key that it could name.
	remove func(ctx context.Context, p *process, x string) error
	key    func(p *process, x string) fragment.Key
}

// The names of the surfaces.
const (
	onDo   = "Do"
	onTag  = "{% cache %}"
	onPage = "Page"
	onMemo = "memo"
)

var surfaces = []*surface{
	{name: onDo, ask: askDo, remove: removeDo, key: keyOfDo},
	{name: onTag, ask: askTag, remove: removeTag},
	{name: onPage, ask: askPage},
	{name: onMemo, ask: askMemo, remove: removeMemo, key: keyOfMemo},
}

func keyOfDo(_ *process, x string) fragment.Key { return fragment.KeyOf(thing, x) }

func removeDo(ctx context.Context, p *process, x string) error {
	return p.cache.Delete(ctx, keyOfDo(p, x))
}

func askDo(ctx context.Context, p *process, x string, f fill) (string, error) {
	value, err := p.cache.Do(ctx, keyOfDo(p, x), p.policy, func(ctx context.Context) ([]byte, error) {
		value, err := f(ctx)
		return []byte(value), err
	})
	return string(value), err
}

// loader is f, memoized. Each caller has a Func of its own, which share answers. A
// loader runs in the background unless it is told not to.
func loader(p *process, f fill) *memo.Func[string, string] {
	policy := p.policy
	policy.Detach, policy.Inline = false, !p.policy.Detach
	return memo.New(p.cache, thing, policy, func(ctx context.Context, _ string) (string, error) { return f(ctx) })
}

func keyOfMemo(p *process, x string) fragment.Key { return loader(p, p.never).Key(x) }

func removeMemo(ctx context.Context, p *process, x string) error {
	return loader(p, p.never).Delete(ctx, x)
}

func askMemo(ctx context.Context, p *process, x string, f fill) (string, error) {
	if p.policy.Refresh {
		return loader(p, f).Refresh(ctx, x)
	}
	return loader(p, f).Get(ctx, x)
}

// askPage asks for a page whose handler is f.
func askPage(ctx context.Context, p *process, x string, f fill) (string, error) {
	var failed error
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		failed = err
		e.DefaultHTTPErrorHandler(err, c)
	}
	page := echoext.PageConfig{Cache: p.cache, Policy: p.policy}
	if p.policy.Refresh {
		page.Refresh = func(echo.Context) bool { return true }
	}
	e.GET(thing, func(c echo.Context) error {
		value, err := f(c.Request().Context())
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, value)
	}, echoext.PageWithConfig(page))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, thing+"?x="+url.QueryEscape(x), nil))
	if failed != nil {
		return "", failed
	}
	return w.Body.String(), nil
}

// askTag renders a template with a cached block, whose body is f. The block says
// its TTL and its tags; for the rest it takes the policy of the cache.
func askTag(ctx context.Context, p *process, x string, f fill) (string, error) {
	p.onlyTagOptions()
	t, err := p.views.FromString(blockSource(p.policy))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Render(ctx, &out, pongo2.Context{
		"x":    x,
		"body": func(ec *pongo2.ExecutionContext) (string, error) { return f(tags.Context(ec)) },
	})
	return out.String(), err
}

// blockSource is a template with one block, by the policy p.
func blockSource(p fragment.Policy) string {
	ttl, options := fmt.Sprintf("%q", p.TTL), ""
	switch {
	case p.TTL < 0:
		ttl, options = "default", " if=false"
	case p.TTL == 0:
		ttl = "default"
	case p.TTL == fragment.Forever:
		ttl = "forever"
	}
	if len(p.Tags) > 0 {
		options += fmt.Sprintf(" tags=%q", strings.Join(p.Tags, " "))
	}
	return fmt.Sprintf("{%% cache %s %q x%s %%}{{ body() }}{%% endcache %%}", ttl, thing, options)
}

// onlyTagOptions fails a story that asks a block for what only the cache can say.
func (p *process) onlyTagOptions() {
	asked, given := p.policy, p.options.Policy
	for _, one := range []*fragment.Policy{&asked, &given} {
		one.TTL, one.Tags = 0, nil
	}
	if !reflect.DeepEqual(asked, given) {
		p.Errorf("a block cannot have the policy %+v in a cache with %+v", asked, given)
	}
}

func removeTag(ctx context.Context, p *process, x string) error {
	return tags.Delete(ctx, p.cache, thing, x)
}
