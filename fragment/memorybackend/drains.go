package memorybackend

import "sync"

// drains runs what otter does in the background, each on a goroutine, so that
// Close can wait for them. It is otter's Executor.
type drains struct {
	mu     sync.Mutex
	closed bool // guarded by mu; none is added to all after it
	all    sync.WaitGroup
}

// run runs f soon. Once closed it does so before it returns: a call that began
// before Close may still be writing.
func (d *drains) run(f func()) {
	if !d.begin() {
		f()
		return
	}
	go func() {
		defer d.all.Done()
		f()
	}()
}

func (d *drains) begin() (ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.all.Add(1)
	}
	return !d.closed
}

// close waits for what is running.
func (d *drains) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.all.Wait()
}
