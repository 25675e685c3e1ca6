package redisbackend

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// A voice tells over a channel what its Backend changes. Each message has its name
// and a number. See bus for those who hear it.
type voice struct {
	backend *Backend
	channel string
	id      string
	number  atomic.Uint64 // of the last message
	every   time.Duration // it gives a sign of life

	ctx    context.Context // ends with stop
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

const mostBeat = 3 * time.Second // between the signs of life of a sender

func channelOf(prefix string) string { return prefix + "changes" }

func newVoice(b *Backend, prefix string) *voice {
	v := &voice{backend: b, channel: channelOf(prefix), id: newID(), every: min(b.options.Ping, mostBeat)}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	return v
}

func (v *voice) stop() {
	v.cancel()
	v.loops.Wait()
}

// next makes the next message, about keys, and returns its number.
func (v *voice) next(c rueidis.Client, keys []string) (number uint64, message rueidis.Completed) {
	number = v.number.Add(1)
	text := v.id + " " + strconv.FormatUint(number, 10)
	if len(keys) > 0 {
		text += " " + strings.Join(keys, " ")
	}
	return number, c.B().Publish().Channel(v.channel).Message(text).Build()
}

// hum gives signs of life from the first message on. Who never said anything is
// missed by nobody.
func (v *voice) hum() {
	for v.ctx.Err() == nil {
		if v.number.Load() > 0 {
			v.sign(v.ctx) // if it fails, others miss its number
		}
		sleep(v.ctx, v.every)
	}
}

// sign gives one.
func (v *voice) sign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	c, err := v.backend.enter(ctx)
	if err != nil {
		return err
	}
	_, message := v.next(c, nil)
	return v.backend.do(ctx, c, message).Error()
}
