package redisbackend_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment/redisbackend"
)

func TestFramingTakesWhatServersSend(t *testing.T) {
	replies := []string{
		"+OK\r\n", "-ERR unknown command 'X', with args beginning with: 'a' \r\n", ":-12\r\n", "_\r\n", "#t\r\n",
		",1.5\r\n", "(3492890328409238509324850943850943825024385\r\n", "$-1\r\n", "*-1\r\n", "$0\r\n\r\n", "*0\r\n",
		"$5\r\n\r\n\r\n*\r\n", "=15\r\ntxt:Some string\r\n", "!21\r\nSYNTAX invalid syntax\r\n", "+\r\n",
		"*3\r\n$1\r\na\r\n$-1\r\n*2\r\n:1\r\n:2\r\n", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", "~1\r\n+x\r\n",
		">2\r\n+invalidate\r\n*1\r\n$3\r\nkey\r\n", "|1\r\n+ttl\r\n:3\r\n*1\r\n:1\r\n",
		"+" + strings.Repeat("x", 1000) + "\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
		"$" + "100000\r\n" + strings.Repeat("\x00\xff\r\n-", 20000) + "\r\n",
	}
	for _, reply := range replies {
		for _, size := range []int{1, 2, 3, 7, 1000, 1 << 20} {
			if err := redisbackend.Frame(reply+reply, size); err != nil {
				t.Errorf("%.60q in pieces of %d: got error %v, want none", reply, size, err)
			}
		}
	}
	if err := redisbackend.Frame(strings.Join(replies, ""), 11); err != nil {
		t.Errorf("all one after another: got error %v, want none", err)
	}
}

func TestFramingRefusesWhatNoServerSends(t *testing.T) {
	for _, reply := range []string{
		"*-2\r\n", "$-2\r\n", "%-5\r\n", ">\r\n", "$\r\n", "*x\r\n", "$?\r\n", "$1a\r\n", "*1048577\r\n", "%9999999\r\n",
		"$536870913\r\n", "$99999999999999999999999999\r\n", "HTTP/1.1 400 Bad Request\r\n", "\r\n", "\n", "+OK\n", "\x00\r\n",
		strings.Repeat("*1\r\n", 17), strings.Repeat("*2\r\n:1\r\n", 17), "+OK\r\n:1\r\n;1\r\n", "|1\r\n+a\r\n*-3\r\n",
	} {
		for _, size := range []int{1, 1000} {
			if err := redisbackend.Frame(reply, size); err == nil {
				t.Errorf("%q in pieces of %d: got no error", reply, size)
			}
		}
	}
}
