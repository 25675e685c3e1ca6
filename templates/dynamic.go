package templates

import (
	"log/slog"
	"sync"
)

// dynamicTold tells once of each include in a cached block that names its
// template when it is executed: no digest can know of that one.
type dynamicTold struct {
	log *slog.Logger // nil: the default one

	mu   sync.Mutex
	told map[dynamicPlace]bool // guarded by mu
}

type dynamicPlace struct {
	file         string
	line, column int
}

func (d *dynamicTold) tell(file string, line, column int) {
	if !d.first(dynamicPlace{file, line, column}) {
		return
	}
	log := d.log
	if log == nil {
		log = slog.Default()
	}
	log.Warn("templates: a cached block includes a template whose name is known only when it is rendered; "+
		"a change of that template does not change the key of the block: include by a literal name, or give the block a VARY or a tag for it, or digest=false to say that this is known",
		"template", file, "line", line, "column", column)
}

func (d *dynamicTold) first(p dynamicPlace) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told[p] {
		return false
	}
	if d.told == nil {
		d.told = make(map[dynamicPlace]bool)
	}
	d.told[p] = true
	return true
}
