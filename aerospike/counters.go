package aerospike

import (
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// counters count what happens in an engine; Stats says what each of them is.
type counters struct {
	changes, appends, together            atomic.Int64
	retries, full, stale                  atomic.Int64
	folds, foldsLost                      atomic.Int64
	doubts                                atomic.Int64
	behind, regressions, mended, remerged atomic.Int64
	scrubs, scrubbed, restored            atomic.Int64
}

// wrote counts changes that one append brought into a record.
func (c *counters) wrote(changes int) {
	c.changes.Add(int64(changes))
	if changes > 1 {
		c.together.Add(int64(changes))
	}
}

// happened counts what a Writer tells.
func (c *counters) happened(e layout.Event) {
	switch e {
	case layout.Retried:
		c.retries.Add(1)
	case layout.Refusal:
		c.full.Add(1)
	case layout.Compacted:
		c.folds.Add(1)
	case layout.CompactionLost:
		c.foldsLost.Add(1)
	case layout.BlockRestored:
		c.restored.Add(1)
	}
}
