package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"
)

// fault says what failed, where and, of the answers of a server, what they mean.
// It is nil for a nil error. The text holds neither a password nor a key.
func (b *Backend) fault(verb string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errClosed), errors.Is(err, rueidis.ErrClosing) && b.gate.isShut():
		return fmt.Errorf("redisbackend: %s: %w", verb, errClosed)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("redisbackend: %s: %s has not answered: %w", verb, b.place, err)
	}
	var never *unable
	if errors.As(err, &never) {
		return fmt.Errorf("redisbackend: %s: %s: %w", verb, b.place, err)
	}
	if errors.Is(err, rueidis.ErrNoCache) {
		return fmt.Errorf("redisbackend: %s: %s: %s", verb, b.place, whyNot(err))
	}
	var reply *rueidis.RedisError
	if !errors.As(err, &reply) {
		return fmt.Errorf("redisbackend: %s: %s: %w", verb, b.place, err)
	}
	return fmt.Errorf("redisbackend: %s: %s answers: %w", verb, b.place, &refusal{b.meaning(reply.Error()), err})
}

// A refusal is the answer of a server in safe words.
type refusal struct {
	text string
	err  error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.err }

// meanings are what the answers of a server mean to us, by their first word.
var meanings = map[string]string{
	"WRONGPASS":   "is the password, or the one it was changed to, in the URL?",
	"NOAUTH":      "the server wants a password: write it as redis://user:password@host or redis://:password@host",
	"NOPERM":      "the user needs ACL rights such as ~prefix* &prefix* +@all -@admin -@dangerous +client +ping",
	"READONLY":    "the server is a replica: name the one that takes writes, or use redis-sentinel:// or redis-cluster://",
	"OOM":         "the server is full and evicts nothing: set its maxmemory-policy to allkeys-lru",
	"MOVED":       "the server is a node of a cluster: use redis-cluster://",
	"WRONGTYPE":   "another program has put something else under the key: use a prefix, or a database, of your own",
	"MISCONF":     "the server cannot save its data, and takes no writes",
	"CLUSTERDOWN": "the cluster has lost a part of its nodes",
}

// meaning is an answer and what it means.
func (b *Backend) meaning(answer string) string {
	// What follows there repeats the command, key and value included.
	answer, _, _ = strings.Cut(answer, ", with args beginning")
	word, _, _ := strings.Cut(answer, " ")
	hint := meanings[word]
	switch {
	case strings.Contains(answer, "DB index is out of range"):
		hint = "the server has no database of that number: see the path of the URL, and \"databases\" in redis.conf"
	case word == "WRONGPASS" && b.user != "":
		hint = fmt.Sprintf("the user is %q; ", b.user) + hint
	}
	if hint == "" {
		return answer
	}
	return answer + " (" + hint + ")"
}
