package servers

// A T is what starts servers, and what they end with: a test, or a program that
// does the same.
type T interface {
	Helper()
	TempDir() string
	Cleanup(func())
	Fatal(args ...any)
	Fatalf(format string, args ...any) // as Fatal, it does not return
	Skipf(format string, args ...any)
}
