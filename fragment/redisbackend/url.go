package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
)

func init() {
	for _, scheme := range []string{"redis", "rediss", "unix", "redis-sentinel", "redis-cluster"} {
		fragment.Register(scheme, open)
	}
}

const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// open is the driver of all schemes.
func open(ctx context.Context, u *fragment.URL) (fragment.Backend, error) {
	c, err := where(u)
	if err != nil {
		return nil, err
	}
	if err := credentials(u, &c); err != nil {
		return nil, err
	}
	c.ClientName = u.String("name", "pongocache")
	if strings.ContainsAny(c.ClientName, " \n") || c.ClientName == "" {
		u.Fail("name", "is empty or has a space: want a word that names this program")
	}
	o, now := options(u), u.String("connect", "lazy")
	if now != "lazy" && now != "now" {
		u.Fail("connect", "is neither lazy nor now: want lazy to connect at the first use, now to fail where there is no server")
	}
	encryption(u, &c)
	if err := u.Err(); err != nil {
		return nil, err
	}
	b, err := dial(c, o, u.Scheme == "redis-cluster")
	if err != nil || now == "lazy" {
		return b, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*b.most())
	defer cancel()
	if err := b.Ping(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// where is the place that a URL names.
func where(u *fragment.URL) (c rueidis.ClientOption, err error) {
	switch u.Scheme {
	case "unix":
		return socket(u)
	case "redis-sentinel":
		return sentinels(u)
	case "redis-cluster":
		if c.InitAddress, err = hosts(u.Host, redisPort); err != nil || strings.Trim(u.Path, "/") != "" {
			return c, errors.New("want redis-cluster://host1:6379,host2:6379: a cluster has no database numbers")
		}
		return c, nil
	}
	c.ForceSingleClient = true
	c.InitAddress, err = hosts(u.Host, redisPort)
	if err != nil || len(c.InitAddress) > 1 {
		return c, fmt.Errorf("want %s://host:6379/0: one host, a port and the number of a database", u.Scheme)
	}
	c.SelectDB, err = database(u, u.Path)
	return c, err
}

// hosts are the addresses that the place of a URL names.
func hosts(text, port string) (addrs []string, err error) {
	for host := range strings.SplitSeq(text, ",") {
		name, given, err := net.SplitHostPort(host)
		if err != nil {
			name, given = strings.Trim(host, "[]"), port
		}
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 65535 || name == "" || strings.ContainsAny(name, "[]@/ ") {
			return nil, errors.New("no address")
		}
		addrs = append(addrs, net.JoinHostPort(name, given))
	}
	return addrs, nil
}

// database is the number of a database that a path, or a parameter, names.
func database(u *fragment.URL, path string) (int, error) {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(path)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("the path of a %s URL names a database: want a number, as in /0 (a \"/\" in a password is written %%2F)", u.Scheme)
	}
	return n, nil
}

func socket(u *fragment.URL) (c rueidis.ClientOption, err error) {
	if u.Host != "" || !strings.HasPrefix(u.Path, "/") || len(u.Path) < 2 {
		return c, errors.New("want the path of a socket, with three slashes: unix:///run/redis/redis.sock?db=0")
	}
	if c.SelectDB = u.Int("db", 0); c.SelectDB < 0 {
		u.Fail("db", "is below zero: want the number of a database, such as 0")
	}
	c.ForceSingleClient, c.InitAddress, c.DialCtxFn = true, []string{u.Path}, dialUnix
	return c, nil
}

func sentinels(u *fragment.URL) (c rueidis.ClientOption, err error) {
	master, db, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	c.InitAddress, err = hosts(u.Host, sentinelPort)
	if err != nil || master == "" {
		return c, errors.New("want redis-sentinel://host1:26379,host2:26379/master/0: sentinels, the name of a master and the number of a database")
	}
	c.Sentinel.MasterSet = master
	c.Sentinel.Username, c.Sentinel.Password = u.String("sentinel-user", ""), u.String("sentinel-password", "")
	c.SelectDB, err = database(u, db)
	return c, err
}

func credentials(u *fragment.URL, c *rueidis.ClientOption) error {
	if u.User == nil {
		return nil
	}
	password, given := u.User.Password()
	if !given {
		// What stands there is the password as often as the user.
		return errors.New("there is no password behind the user: write :password@ for a password alone, user:@ for a user without one")
	}
	c.Username, c.Password = u.User.Username(), password
	return nil
}

func options(u *fragment.URL) Options {
	o := Options{
		MaxValue:       int(min(u.Size("max-value", DefaultMaxValue), DefaultMaxValue+1)),
		Ping:           u.Duration("ping", defaultPing),
		ConnectTimeout: u.Duration("connect-timeout", defaultConnectTimeout),
		Buffer:         int(min(u.Size("buffer", defaultBuffer), 1<<30)),
		Watch:          watchMode(u),
	}
	if u.Scheme == "redis-cluster" || u.Scheme == "redis-sentinel" {
		o.Replicas = u.Bool("replicas", false)
	}
	names := map[string]string{"MaxValue": "max-value", "Ping": "ping", "ConnectTimeout": "connect-timeout", "Buffer": "buffer"}
	if option, why := o.problem(); why != "" {
		u.Fail(names[option], why)
	}
	return o
}

func watchMode(u *fragment.URL) WatchMode {
	modes := map[string]WatchMode{"auto": WatchAuto, "tracking": WatchTracking, "pubsub": WatchPubSub}
	mode, known := modes[u.String("watch", "auto")]
	if !known {
		u.Fail("watch", "is none of auto, tracking and pubsub: want one of them")
	}
	return mode
}
