package fragmenttest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// home is the handler under test.
func home(cache *fragment.Cache) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, policy := fragment.KeyOf("page", r.URL.Path), fragment.Policy{TTL: time.Minute}
		page, err := cache.Do(r.Context(), key, policy, func(ctx context.Context) ([]byte, error) {
			if r.URL.Path == "/login" {
				fragment.DoNotStore(ctx, "it sets a cookie")
			}
			return []byte("<h1>Welcome</h1>"), nil
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(page)
	}
}

// A handler whose page is cached, unless it is the one to log in.
func Example() {
	t := printing{} // in a test its *testing.T

	var seen fragmenttest.Recorder
	cache, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: seen.Observe})
	if err != nil {
		t.Fatal(err)
	}
	h := home(cache)
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	seen.Filled("page").Once(t)
	seen.Hit("page").Once(t)

	seen.Reset()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/login", nil))
	seen.NotStored("page", "cookie").Once(t)
	fmt.Println(&seen)

	// Output:
	// miss page
	// fill page
	// skip page: it sets a cookie
}
