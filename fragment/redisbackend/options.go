package redisbackend

import (
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// Options are what a Backend does beside what the client does. The zero value is
// useful.
type Options struct {
	// MaxValue bounds a value in bytes; a larger one is refused before it is
	// sent. Zero is DefaultMaxValue, which is the most that Redis takes.
	MaxValue int

	// Ping is how often a connection on which nothing comes in is tried, so that
	// a server that hangs is found out within Ping and one second. Zero is 1 s.
	Ping time.Duration

	// ConnectTimeout is how long it may take to reach a server and to log in. It
	// bounds no call, as calls end with their ctx. Zero is 2 s.
	ConnectTimeout time.Duration

	// Buffer is the size in bytes of each of the two buffers of a connection.
	// Zero is 64 KiB.
	Buffer int

	// Replicas lets reads go to replicas, of a cluster or behind sentinels. They
	// then see what was written, deleted or invalidated only once it has come
	// there.
	Replicas bool

	// Watch is how a Watch learns what others change. The zero value chooses.
	Watch WatchMode
}

// A WatchMode is how a Watch learns what others change.
type WatchMode int

const (
	// WatchAuto is WatchTracking, and WatchPubSub where the server, or the rights
	// of the user, do not allow that.
	WatchAuto WatchMode = iota
	// WatchTracking has the server tell each change of a key, by whomever and
	// whyever: expiry, eviction and a FLUSHDB as well.
	WatchTracking
	// WatchPubSub has each Backend tell the others what it changes itself, also one
	// of a Cache without Options.Near. What is changed by other programs, or ends by
	// itself, is not told.
	WatchPubSub
)

// Defaults of the zero Options.
const (
	DefaultMaxValue       = 512 << 20
	defaultPing           = time.Second
	defaultConnectTimeout = 2 * time.Second
	defaultBuffer         = 64 << 10
	leastBuffer           = 1 << 10
	leastPing             = 20 * time.Millisecond
)

// problem tells which option is wrong and why; the reason continues a sentence
// that begins with the name of the option.
func (o Options) problem() (option, why string) {
	switch {
	case o.MaxValue < 0 || o.MaxValue > DefaultMaxValue:
		return "MaxValue", fmt.Sprintf("is %d bytes: want at most 512MiB, which is all that Redis takes", o.MaxValue)
	case o.Ping != 0 && o.Ping < leastPing:
		return "Ping", fmt.Sprintf("is %v: want at least %v", o.Ping, leastPing)
	case o.ConnectTimeout < 0:
		return "ConnectTimeout", fmt.Sprintf("is %v: want a duration above zero, such as 2s", o.ConnectTimeout)
	case o.Buffer != 0 && (o.Buffer < leastBuffer || o.Buffer > 64<<20):
		return "Buffer", fmt.Sprintf("is %d bytes: want 1KiB to 64MiB", o.Buffer)
	case o.Watch < WatchAuto || o.Watch > WatchPubSub:
		return "Watch", fmt.Sprintf("is %d: want WatchAuto, WatchTracking or WatchPubSub", o.Watch)
	}
	return "", ""
}

// filled returns o with its defaults.
func (o Options) filled() Options {
	if o.MaxValue == 0 {
		o.MaxValue = DefaultMaxValue
	}
	if o.Ping == 0 {
		o.Ping = defaultPing
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = defaultConnectTimeout
	}
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	return o
}

const (
	// pingPatience is how long a ping may take. With half the interval before it
	// that saw the last reply, half in which none came, and this, a hang is found
	// out within the interval and one second.
	pingPatience = 900 * time.Millisecond

	topologyInterval = 5 * time.Second
	maxRedirections  = 16
)

// client fills in what a ClientOption leaves to its defaults. A Backend is no
// queue: what fails is a miss at once, and the next call tries anew.
func (o Options) client(c rueidis.ClientOption) rueidis.ClientOption {
	// A read that is tried again lasts as long as its ctx while the server is
	// away: for ever, if that has no deadline.
	c.DisableRetry = true
	// Otherwise a lone call holds its connection, and returns at the deadline of
	// its ctx also when that is cancelled.
	c.AlwaysPipelining = true
	// A large pipeline would get a connection of its own, which stays.
	c.BlockingPipeline = -1
	c.DisableCache = true
	if c.PipelineMultiplex == 0 {
		// What is sent over one connection is carried out in order, also what the
		// caller has left; more of them are no faster but on many processors.
		c.PipelineMultiplex = -1
	}
	c.ReadBufferEachConn, c.WriteBufferEachConn = o.Buffer, o.Buffer
	c.Dialer.Timeout = o.ConnectTimeout
	c.Dialer.KeepAlive = o.Ping / 2 // of the pings; the connections have their own
	c.ConnWriteTimeout = pingPatience
	c.Sentinel.Dialer = c.Dialer
	if o.Replicas {
		c.SendToReplicas = func(cmd rueidis.Completed) bool { return cmd.IsReadOnly() }
	}
	return following(c)
}

// following has a client follow what becomes of its servers.
func following(c rueidis.ClientOption) rueidis.ClientOption {
	if c.Sentinel.MasterSet != "" && c.Sentinel.TopologyRefreshInterval == 0 {
		// Without it, one message that is missed binds the client to a master that
		// is none any more.
		c.Sentinel.TopologyRefreshInterval = topologyInterval
	}
	if c.ClusterOption.MaxMovedRedirections == 0 {
		c.ClusterOption.MaxMovedRedirections = maxRedirections
	}
	if c.ClusterOption.ShardsRefreshInterval == 0 {
		c.ClusterOption.ShardsRefreshInterval = topologyInterval
	}
	return c
}
