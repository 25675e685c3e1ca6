package binary

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const plain = "PLAIN"

// Greet authenticates a new connection by SASL PLAIN: whoever listens on the way
// reads the password, unless the connection is one of TLS.
func (l *Link) Greet(user, password string) error {
	got, err := l.ask(request{op: opSASLList})
	switch {
	case err != nil:
		return err
	case got.status != statusOK:
		return fmt.Errorf("the server does no SASL, which memcached does when started with -S: %s", why(&got))
	case !slices.Contains(strings.Fields(string(got.value)), plain):
		return fmt.Errorf("the server does no SASL %s, but %.100q: name it in the mech_list of its configuration", plain, got.value)
	}
	token := "\x00" + user + "\x00" + password
	got, err = l.ask(request{op: opSASLAuth, key: plain, value: []byte(token)})
	switch {
	case err != nil:
		return err
	case got.status == statusAuth:
		return errors.New("the server refuses the user or the password")
	case got.status != statusOK:
		return fmt.Errorf("the server does not authenticate: status %#x", uint16(got.status))
	}
	return nil
}

// ask sends one frame and returns its reply.
func (l *Link) ask(r request) (reply, error) {
	if err := l.send(r); err != nil {
		return reply{}, err
	}
	if err := l.writer.Flush(); err != nil {
		return reply{}, err
	}
	return l.receive(l.opaque, r.op)
}
