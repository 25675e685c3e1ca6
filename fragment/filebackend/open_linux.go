package filebackend

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"syscall"
	"time"
)

// An opened is an entry's file that is open to be read. On Linux it is no
// os.File, which would ask the system to be told when the file can be read: a
// hit here takes four system calls.
type opened struct {
	fd    int
	size  int64
	used  time.Time // when the file was last written, or marked as used
	state fileState // when it was opened
}

// noAtime keeps a read from being noted in the file, which may have to wait until
// the file system has written its journal. Only the owner of a file may ask for
// it.
const noAtime = syscall.O_NOATIME

// openToRead opens a regular file in the folder of a shard. A link is not
// followed, nor waited for who writes to a pipe.
func (d *directory) openToRead(name string) (o opened, err error) {
	if o.fd, err = d.openat(name, noAtime); errors.Is(err, syscall.EPERM) {
		o.fd, err = d.openat(name, 0)
	}
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENXIO) {
		return o, fs.ErrNotExist // a link, a socket
	}
	if err != nil {
		return o, fmt.Errorf("open an entry: %w", err)
	}
	var stat syscall.Stat_t
	if err := syscall.Fstat(o.fd, &stat); err != nil {
		o.close()
		return o, fmt.Errorf("stat an entry: %w", err)
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		o.close()
		return o, fs.ErrNotExist
	}
	o.size, o.used = stat.Size, time.Unix(stat.Mtim.Unix())
	o.state = fileState{uint64(stat.Dev), stat.Ino, stat.Size, stat.Ctim.Nano(), stat.Mtim.Nano()}
	return o, nil
}

// readAt fills data; where the file ends before, the error is
// io.ErrUnexpectedEOF.
func (o *opened) readAt(data []byte, at int64) error {
	n, err := preadFull(o.fd, data, at)
	if err != nil {
		return fmt.Errorf("read an entry: %w", err)
	}
	if n < len(data) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (d *directory) openat(name string, flags int) (fd int, err error) {
	defer runtime.KeepAlive(d)
	for {
		fd, err = syscall.Openat(d.fd, name, syscall.O_RDONLY|syscall.O_CLOEXEC|openFlags|flags, 0)
		if !errors.Is(err, syscall.EINTR) {
			return fd, err
		}
	}
}

func (o *opened) close() { syscall.Close(o.fd) }
