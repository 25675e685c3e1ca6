// Package fragmenttest helps to test what uses a cache: backends without a
// server, faults without a broken one, and events in the words of a test.
//
// A handler caches the page that it writes. Does it? Put a Memory beneath the
// cache, let a Recorder see what happens, and ask for the page twice:
//
//	func TestHomeIsCached(t *testing.T) {
//		var seen fragmenttest.Recorder
//		cache, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: seen.Observe})
//		if err != nil {
//			t.Fatal(err)
//		}
//		h := home(cache)
//		for range 2 {
//			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
//		}
//		seen.Filled("page").Once(t)
//		seen.Hit("page").Once(t)
//	}
//
// A page that was not to be stored is told by its reason, a part of which is
// enough: seen.NotStored("page", "set-cookie").Once(t). A test that fails prints
// all that happened, a line an event.
//
// # Several processes
//
// A [Server] stands for a store that processes share, such as Redis. Caches over
// connections of their own play these processes. The server counts round trips,
// keeps the time of a testing/synctest bubble, and can lose what it holds; it, or
// one connection, can fail or hang.
//
// # Faults
//
// [Faults] wraps any Backend, and makes some of its calls fail, panic, come late,
// get lost or return damaged bytes: now, at each n-th call or at random. It counts
// what it did, so that a test can tell whether it has tested anything.
//
// # Limits
//
// All of this is for tests: a Memory and a Server keep whatever they are given,
// without a bound, and know no network. That a backend of your own speaks to its
// server well is shown by package backendtest, and by that server.
//
// Nothing here sleeps on its own. Run what depends on time, TTL or deadlines in a
// testing/synctest bubble, which has a clock of its own.
package fragmenttest
