// Package faulttest has no code: its tests hold the whole of the library against
// what befalls real servers. Visitors ask two sites, which stand for two processes,
// for pages over HTTP, while rows that the pages show change, and the server behind
// the caches is killed, hangs, is slow, is full, or refuses. In each fault
//
//   - no page fails, and none is torn;
//   - nobody is shown what was invalidated (see ledger);
//   - a page takes longer by at most the budget of a call, and once the circuit
//     breaker has opened, by nothing;
//   - the caches are of use again soon after the fault has ended;
//   - events tell of it, and no event tells a password.
//
// Each page is made of a handler behind echoext.Page, a block of a template and an
// answer of memo, all three cached.
package faulttest
