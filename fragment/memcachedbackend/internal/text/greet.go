package text

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// Greet authenticates a new connection, as a memcached that was started with -Y
// wants it.
func Greet(conn net.Conn, user, password string) error {
	token := user + " " + password
	if _, err := fmt.Fprintf(conn, "set auth 0 0 %d\r\n%s\r\n", len(token), token); err != nil {
		return err
	}
	// Bytes beyond the reply, which nobody has asked for yet, would be lost with
	// the reader: then the first command finds out.
	line, err := bufio.NewReader(io.LimitReader(conn, longestLine)).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	switch {
	case err != nil:
		return err
	case line == "STORED":
		return nil
	case strings.HasPrefix(line, "CLIENT_ERROR"):
		return errors.New("the server refuses the user or the password")
	}
	return fmt.Errorf("authentication: %w", wire.ErrGarbled)
}
