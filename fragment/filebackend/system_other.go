//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package filebackend

import (
	"context"
	"io/fs"
	"os"
)

const (
	othersMayWrite = false
	openFlags      = 0
)

// lockFile does nothing: where there is no flock, one process at a time may use
// a folder.
func lockFile(context.Context, <-chan struct{}, *os.File) (unlock func(), err error) {
	return func() {}, nil
}

func isLinked(*os.File) bool { return true }

func isOurs(fs.FileInfo, fs.FileInfo) bool { return true }
