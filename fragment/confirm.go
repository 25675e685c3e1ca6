package fragment

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A process may write an entry after another one has deleted or set its key, of
// which it has not heard. The stamp of the key keeps that entry from being
// served, for keyStampTTL; then it would be back. So whoever writes what may live
// as long looks at the stamp of the key after that, and if it is another one than
// before the fill, removes what it wrote. If it is not, a Delete that comes later
// finds the entry there, because it removes after it has changed the stamp.
//
// The same is done where companions are written, which do not carry that stamp.

// remembered is for how long after its view a fill can rely on the stamps of keys.
const remembered = keyStampTTL - time.Minute

// errForgotten is why a draft is not stored that took longer.
var errForgotten = errors.New("it took longer than a Delete of its key is remembered")

// outlives reports whether d may be there when the stamp of its key is not.
func (d *draft) outlives() bool {
	return len(d.beside) > 0 || d.entry.dead > later(d.view.when.UnixNano(), remembered)
}

// confirm takes back those of drafts, which were written just now, whose keys
// were written or deleted by other processes since they were looked at.
func (c *core) confirm(ctx context.Context, drafts []*draft) {
	if c.shared == nil {
		return
	}
	late := slices.DeleteFunc(slices.Clone(drafts), func(d *draft) bool { return d.why != nil || !d.outlives() })
	if len(late) == 0 {
		return
	}
	keys := make([]string, len(late))
	for i, d := range late {
		keys[i] = c.shared.keyOfKey(d.key)
	}
	found, err := c.getManyToWrite(ctx, keys)
	for i, d := range late {
		switch own := stampIn(found, keys[i]); {
		case err != nil:
			d.why = unwritten(err)
		case own != 0 && own != d.view.own:
			d.why = errOutdated
		default:
			continue
		}
		c.takeBack(ctx, d)
	}
}

// takeBack removes what was written of d.
func (c *core) takeBack(ctx context.Context, d *draft) {
	keys := []string{d.key}
	for _, one := range d.beside {
		keys = append(keys, c.key(one.key))
	}
	if c.remove(ctx, keys...) != nil {
		c.oweKeys(keys)
		c.mend()
	}
}

// confirmAgain is confirm for an entry that was read and then written with
// another life.
func (c *core) confirmAgain(ctx context.Context, key string, e *entry, tags []stamped) error {
	if c.shared == nil || len(tags) == 0 || tags[0].tag != "" {
		return nil
	}
	d := &draft{key: key, entry: *e, view: view{when: e.asked, own: tags[0].stamp}}
	c.confirm(ctx, []*draft{d})
	if d.why == errOutdated {
		return nil // it was there, and is deleted since
	}
	return d.why
}
