//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wire

import (
	"crypto/tls"
	"net"
	"syscall"
)

// isOver reports whether the other side has closed an idle connection, or has said
// something unasked, which with TLS may be of that protocol.
func isOver(conn net.Conn) bool {
	secured, encrypted := conn.(*tls.Conn)
	if encrypted {
		conn = secured.NetConn()
	}
	plain, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return true
	}
	var n int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, failed = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	if n > 0 && err == nil && failed == nil {
		return !encrypted
	}
	return err != nil || failed != syscall.EAGAIN && failed != syscall.EINTR
}
