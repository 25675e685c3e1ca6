//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package filebackend

import (
	"context"
	"errors"
	"io"
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

func isLinked(*os.File, int) bool { return true }

// readAt reads until data is full or the file ends.
func (t *table) readAt(data []byte, at int64) (n int, err error) {
	n, err = t.file.ReadAt(data, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func isOurs(fs.FileInfo, fs.FileInfo) bool { return true }
