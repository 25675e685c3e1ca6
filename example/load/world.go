package main

import (
	"errors"
	"fmt"
	"os"
)

// A world is to this program what a testing.T is to a test: what it starts ends
// with it, last first.
type world struct {
	cleanups []func()
}

// A failure ends the world.
type failure string

// inWorld runs f in a new world, and returns why it failed.
func inWorld(f func(*world)) (err error) {
	w := new(world)
	defer func() {
		for i := len(w.cleanups) - 1; i >= 0; i-- {
			w.cleanups[i]()
		}
	}()
	defer func() {
		switch why := recover().(type) {
		case nil:
		case failure:
			err = errors.New(string(why))
		default:
			panic(why)
		}
	}()
	f(w)
	return nil
}

func (w *world) Helper()          {}
func (w *world) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }

func (w *world) Fatal(args ...any)                 { panic(failure(fmt.Sprint(args...))) }
func (w *world) Fatalf(format string, args ...any) { w.Fatal(fmt.Sprintf(format, args...)) }
func (w *world) Skipf(format string, args ...any)  { w.Fatalf(format, args...) }

// TempDir makes a folder that is removed at the end.
func (w *world) TempDir() string {
	folder, err := os.MkdirTemp("", "pongocache-load-")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}
