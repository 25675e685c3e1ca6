package main_test

import (
	"os"
	"strings"
	"testing"

	main "github.com/pongocache/pongocache/example"
)

// asProgram, in the environment, makes the test binary be the program, with
// its arguments in lines.
const asProgram = "PONGOCACHE_EXAMPLE_ARGUMENTS"

func TestMain(m *testing.M) {
	if arguments, ok := os.LookupEnv(asProgram); ok {
		os.Args = append(os.Args[:1], strings.Split(arguments, "\n")...)
		main.Main()
		return
	}
	os.Unsetenv("CACHE_URL") // what the tests want of them, they set
	os.Unsetenv("CACHES")
	code := m.Run()
	if mariaDB.stop != nil {
		mariaDB.stop()
	}
	os.Exit(code)
}
