//go:build !linux

package filebackend

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// An opened is an entry's file that is open to be read.
type opened struct {
	file  *os.File
	size  int64
	used  time.Time // when the file was last written, or marked as used
	state fileState // zero: it is not known
}

const noAtime = 0

// openToRead opens a regular file in the folder of a shard. What is something
// else is not opened.
func (d *directory) openToRead(name string) (o opened, err error) {
	before, err := d.root.Lstat(name)
	if err != nil {
		return o, fmt.Errorf("stat an entry: %w", err)
	}
	if !before.Mode().IsRegular() {
		return o, fs.ErrNotExist
	}
	if o.file, err = d.root.OpenFile(name, os.O_RDONLY|openFlags, 0); err != nil {
		return o, fmt.Errorf("open an entry: %w", err)
	}
	info, err := o.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		o.close()
		return o, errors.Join(err, fs.ErrNotExist)
	}
	o.size, o.used = info.Size(), info.ModTime()
	return o, nil
}

// readAt fills data; where the file ends before, the error is
// io.ErrUnexpectedEOF.
func (o *opened) readAt(data []byte, at int64) error {
	n, err := o.file.ReadAt(data, at)
	switch {
	case n == len(data):
		return nil
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read an entry: %w", err)
}

func (o *opened) close() { o.file.Close() }
