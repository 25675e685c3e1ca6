//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filebackend

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"
)

// othersMayWrite says that the mode of a folder tells who may write to it.
const othersMayWrite = true

// openFlags keep the opening of a link, or of a pipe that somebody has put in
// the place of a file, from going elsewhere or from waiting.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// Between two tries to lock what another process has locked.
const (
	firstTry = 20 * time.Microsecond
	lastTry  = 2 * time.Millisecond
)

// lockFile takes the lock of file between processes. Their locks end with them.
// It does not wait inside the system: a process that is stopped while it has the
// lock would keep it from returning when ctx ends.
func lockFile(ctx context.Context, closing <-chan struct{}, file *os.File) (unlock func(), err error) {
	fd := int(file.Fd())
	for pause := firstTry; ; pause = min(2*pause, lastTry) {
		err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { syscall.Flock(fd, syscall.LOCK_UN); runtime.KeepAlive(file) }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, os.NewSyscallError("flock", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-closing:
			timer.Stop()
			return nil, errClosed
		}
	}
}

// isLinked reports whether an open file or folder still has a name.
func isLinked(file *os.File, fd int) bool {
	var stat syscall.Stat_t
	err := syscall.Fstat(fd, &stat)
	runtime.KeepAlive(file)
	return err == nil && stat.Nlink > 0
}

// readAt reads until data is full or the file ends.
func (t *table) readAt(data []byte, at int64) (n int, err error) {
	defer runtime.KeepAlive(t.file)
	return preadFull(t.fd, data, at)
}

// preadFull reads from a descriptor without what an os.File does around that,
// which takes as long as the system call.
func preadFull(fd int, data []byte, at int64) (n int, err error) {
	for n < len(data) {
		more, err := syscall.Pread(fd, data[n:], at+int64(n))
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		if more == 0 {
			break
		}
		n += more
	}
	return n, nil
}

// isOurs reports whether a folder inside of root belongs to this user, or to
// whom root belongs, and nobody else may write to it.
func isOurs(info fs.FileInfo, root fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	rootStat, rootOK := root.Sys().(*syscall.Stat_t)
	if !ok || !rootOK || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	return int(stat.Uid) == os.Geteuid() || stat.Uid == rootStat.Uid
}
