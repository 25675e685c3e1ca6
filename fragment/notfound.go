package fragment

import (
	"context"
	"time"
)

// maxErrorText is how much of the text of an error is kept, in bytes.
const maxErrorText = 1 << 10

// answer returns what e says: its value, or that there is none.
func (e *entry) answer() ([]byte, error) {
	if !e.negative {
		return e.value, nil
	}
	if text := string(e.value); text != ErrNotFound.Error() {
		return nil, &notFound{text}
	}
	return nil, ErrNotFound
}

// notFound is ErrNotFound in the words of the fill that said so.
type notFound struct{ text string }

func (e *notFound) Error() string { return e.text }
func (e *notFound) Unwrap() error { return ErrNotFound }

// forget removes the entry of a draft that says that there is nothing and is
// not kept: what is stored, stale, is not to be served any more either.
func (c *core) forget(ctx context.Context, d *draft) {
	ctx, tell := c.hold(ctx)
	defer tell()
	ctx, cancel := c.writing(ctx)
	defer cancel()
	began := time.Now()
	err := d.lane.enter(ctx, d.turn)
	if err == errOverwritten {
		return
	}
	if err == nil {
		defer d.lane.release()
		err = c.remove(ctx, d.key)
	}
	if err != nil {
		c.fault(ctx, d.name, "delete", began, err)
	}
}
