package main

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// redisCounts are what a Redis has counted.
type redisCounts struct {
	trips    int // times that something arrived: total_reads_processed
	commands int // calls, those that scripts make among them
}

const whatIsCounted = `   trips: how often something arrived at Redis. What is sent together is one, also where it is of several
   visitors; a value beyond 16 KiB is two or more. commands: calls, those inside of scripts among them.
   What keeps connections alive, and the questions of this program, are left out of both.`

// ours are commands of connections, and of this program.
var ours = []string{"ping", "info", "hello", "client|setinfo", "client|tracking", "client|setname", "client|id", "auth", "select"}

func (s *stack) redisCounts() redisCounts {
	text, err := s.asking.info()
	if err != nil {
		s.world.Fatalf("asking Redis for its counts: %v", err)
	}
	calls, sum := map[string]int{}, 0
	for line := range strings.Lines(text) {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls="); ok {
			digits, _, _ := strings.Cut(rest, ",")
			calls[name], _ = strconv.Atoi(digits)
			sum += calls[name]
		}
	}
	_, rest, _ := strings.Cut(text, "total_reads_processed:")
	digits, _, _ := strings.Cut(rest, "\r")
	reads, err := strconv.Atoi(digits)
	if err != nil {
		s.world.Fatalf("Redis tells no total_reads_processed: want Redis 6 or newer")
	}
	for _, name := range ours {
		sum -= calls[name]
	}
	return redisCounts{trips: reads - calls["ping"] - calls["info"], commands: sum}
}

func (c redisCounts) since(before redisCounts) redisCounts {
	return redisCounts{c.trips - before.trips, c.commands - before.commands}
}

// A redisConn asks Redis what it counts, on a connection of its own, so that
// each question is one trip.
type redisConn struct {
	conn  net.Conn
	reply *bufio.Reader
}

func dialRedis(w *world, addr string) *redisConn {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { conn.Close() })
	return &redisConn{conn, bufio.NewReader(conn)}
}

// info asks for all that Redis tells of itself.
func (c *redisConn) info() (string, error) {
	c.conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c.conn, "INFO all\r\n"); err != nil {
		return "", err
	}
	head, err := c.reply.ReadString('\n')
	if err != nil {
		return "", err
	}
	size, err := strconv.Atoi(strings.Trim(head, "$\r\n"))
	if err != nil {
		return "", err
	}
	text := make([]byte, size+len("\r\n"))
	_, err = io.ReadFull(c.reply, text)
	return string(text), err
}
