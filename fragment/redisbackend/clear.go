package redisbackend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"
)

// scanned is about how many keys the server looks at in one step of a scan, as
// nobody else is served meanwhile.
const scanned = 1000

// DeletePrefix deletes all that is under a prefix, entries of other programs too,
// and so gives back its space. It looks at each key of the database, or of all
// nodes of a cluster, step by step: that takes time, but keeps nobody waiting for
// long. What is set meanwhile may stay. An empty prefix is an error. To forget
// entries, Clear of a fragment.Cache is enough, and takes one round trip.
func (b *Backend) DeletePrefix(ctx context.Context, prefix string) error {
	if prefix == "" {
		return errors.New("redisbackend: delete prefix: it is empty, which is all there is: want a prefix, or use FLUSHDB by hand")
	}
	if _, err := b.enter(ctx); err != nil {
		return b.fault("delete prefix", err)
	}
	nodes := (*b.link.made.Load()).Nodes()
	b.gate.leave(nil)
	for addr, node := range nodes {
		if err := b.deleteOn(ctx, node, prefix); err != nil {
			return b.fault("delete prefix", fmt.Errorf("on %s: %w", addr, err))
		}
	}
	return nil
}

// deleteOn deletes what one node has.
func (b *Backend) deleteOn(ctx context.Context, node rueidis.Client, prefix string) error {
	isMaster, err := b.isMaster(ctx, node)
	if err != nil || !isMaster {
		return err
	}
	pattern := escaped(prefix) + "*"
	for cursor := uint64(0); ; {
		if _, err := b.enter(ctx); err != nil {
			return err
		}
		scan := node.B().Scan().Cursor(cursor).Match(pattern).Count(scanned).Build()
		page, err := b.do(ctx, node, scan).AsScanEntry()
		if err != nil {
			return err
		}
		if err := b.Delete(ctx, page.Elements...); err != nil {
			return err
		}
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}

// isMaster reports whether a node takes writes. One that does not tell may.
func (b *Backend) isMaster(ctx context.Context, node rueidis.Client) (bool, error) {
	if _, err := b.enter(ctx); err != nil {
		return false, err
	}
	role, err := b.do(ctx, node, node.B().Role().Build()).ToArray()
	if _, answered := rueidis.IsRedisErr(err); answered || err == nil && len(role) == 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	name, err := role[0].ToString()
	return err != nil || name == "master", nil
}

// escaped writes what a glob pattern matches by itself alone.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(text)
}
