package redisbackend

import (
	"context"

	"github.com/redis/rueidis"
)

// A witness is a key of the server, without an end, by which it is found out that
// somebody has emptied the database: then it is gone or, if another process has
// looked in between, another one.
type witness struct {
	key  string
	seen string // by the last look
}

// witnessOf is the key of the witness of a prefix. As it has a space, no entry has
// it; and whoever deletes all that is under the prefix deletes it too.
func witnessOf(prefix string) string { return prefix + "changes witness" }

// looking leaves the witness that is there, or a new one. It is a script as a replica
// must not be asked, which may not know of it yet.
var looking = rueidis.NewLuaScript(`local seen = redis.pcall('GET', KEYS[1])
if type(seen) == 'string' then return seen end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]`)

// isAnother looks, by a call that has entered, and reports whether it is not the
// witness of the last look that succeeded; at the first one nobody knows what was
// before. It is not for several goroutines.
func (w *witness) isAnother(ctx context.Context, b *Backend, c rueidis.Client) bool {
	result, err := b.exec(ctx, c, looking, w.key, newID())
	if err != nil {
		return false // what else that means is found out elsewhere
	}
	now, err := result.ToString()
	if err != nil {
		return false
	}
	before := w.seen
	w.seen = now
	return before != now
}
