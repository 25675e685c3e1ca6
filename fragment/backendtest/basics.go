package backendtest

import (
	"context"
	"testing"
)

func neverSet(t testing.TB, s *subject) {
	s.wantMiss(t, "absent")
	s.set(t, "present", []byte("value"))
	s.wantMiss(t, "absent")
}

func setThenGet(t testing.TB, s *subject) {
	s.set(t, "a", []byte("value of a"))
	s.want(t, "a", []byte("value of a"))
	s.set(t, "b", []byte("value of b"))
	s.want(t, "a", []byte("value of a"))
	s.want(t, "b", []byte("value of b"))
	s.want(t, "b", []byte("value of b")) // to read is not to take away
}

func overwrite(t testing.TB, s *subject) {
	for _, value := range []string{"first", "a second one that is longer", "third", "", "last"} {
		s.set(t, "key", []byte(value))
		s.want(t, "key", []byte(value))
	}
	for i := range 1000 {
		s.set(t, "key", pattern(i, 300))
	}
	s.want(t, "key", pattern(999, 300))
}

func deleted(t testing.TB, s *subject) {
	keys := []string{"a", "b", "c", "d"}
	for _, key := range keys {
		s.set(t, key, []byte("value of "+key))
	}
	s.delete(t, "a")
	s.wantMiss(t, "a")
	s.want(t, "b", []byte("value of b"))

	s.delete(t, "b", "c")
	s.wantMiss(t, "b")
	s.wantMiss(t, "c")
	s.want(t, "d", []byte("value of d"))

	s.set(t, "a", []byte("again"))
	s.want(t, "a", []byte("again"))
}

func deleteAbsent(t testing.TB, s *subject) {
	s.delete(t)
	s.delete(t, "absent")
	s.set(t, "present", []byte("value"))
	s.delete(t, "absent", "present", "also absent", "present")
	s.wantMiss(t, "present")
}

func emptyValues(t testing.TB, s *subject) {
	s.set(t, "nil", nil)
	s.want(t, "nil", nil)
	s.set(t, "empty", []byte{})
	s.want(t, "empty", nil)

	s.set(t, "emptied", []byte("full"))
	s.set(t, "emptied", nil)
	s.want(t, "emptied", nil)
	s.delete(t, "emptied")
	s.wantMiss(t, "emptied")
}

// gotStays keeps what Get returned without a copy.
func gotStays(t testing.TB, s *subject) {
	before := pattern(1, 500)
	s.set(t, "key", pattern(1, 500))
	got, ok, err := s.Get(context.Background(), "key")
	if err != nil || ok == s.KeepsNothing {
		t.Fatalf("Get after Set: got ok %v, error %v", ok, err)
	}
	if !ok {
		return
	}
	unchanged := func(by string) {
		t.Helper()
		if string(got) != string(before) {
			t.Fatalf("a value that Get returned: was changed by %s", by)
		}
	}
	s.set(t, "key", pattern(2, 500))
	unchanged("a Set of its key")
	s.get(t, "key")
	unchanged("another Get")
	s.delete(t, "key")
	unchanged("Delete")
	for i := range 2000 {
		s.set(t, "key", pattern(i, 500))
	}
	unchanged("many writes")
	s.Close()
	unchanged("Close")
}

// givenStays gives a slice that has bytes of its caller's beyond its end.
func givenStays(t testing.TB, s *subject) {
	whole := pattern(1, 1000)
	for _, n := range []int{0, 10, 255, 256, 300} {
		s.set(t, "key", whole[:n])
		s.get(t, "key")
		s.delete(t, "key")
		s.set(t, "key", whole[:n])
		s.set(t, "key", []byte("other"))
		if string(whole) != string(pattern(1, 1000)) {
			t.Fatalf("the backend wrote to a value of %d bytes that it was given, or beyond its end", n)
		}
	}
}
