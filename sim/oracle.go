package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// oracle knows what every replica must show. It follows the operations, by the
// names of their events, and never looks into an object's context: what a
// replica has applied is what its messages brought, not what its metadata says.
type oracle struct {
	histories map[string]*spec.History
	lww       map[string]*lastWriter
	txs       map[clock.Dot]*transaction // by first event
	order     []*transaction
}

// transaction is one change as the oracle knows it.
type transaction struct {
	key     string
	span    replication.Span
	ops     []int // numbers in the key's history
	version int   // in the key's lastWriter
	index   int   // in History.Ops
}

func newOracle() *oracle {
	return &oracle{map[string]*spec.History{}, map[string]*lastWriter{}, map[clock.Dot]*transaction{}, nil}
}

func (o *oracle) history(key string) *spec.History {
	h := o.histories[key]
	if h == nil {
		h = &spec.History{}
		o.histories[key] = h
		o.lww[key] = &lastWriter{}
	}
	return h
}

// ghost is what one replica has applied of one object.
type ghost struct {
	view *spec.View
	best int // the version that last-writer-wins would have there; -1: none
}

func (o *oracle) ghost() *ghost { return &ghost{best: -1} }

// see makes a transaction visible to g.
func (o *oracle) see(g *ghost, tx *transaction) bool {
	if l := o.lww[tx.key]; l.wins(tx.version, g.best) {
		g.best = tx.version
	}
	return g.view.See(tx.ops...)
}

// note enters a new transaction. An event that was there before is a violation.
func (o *oracle) note(tx *transaction) error {
	for seq := tx.span.First; seq <= tx.span.Last; seq++ {
		d := clock.Dot{Replica: tx.span.Replica, Seq: seq}
		if was := o.txs[d]; was != nil {
			return fmt.Errorf("event %v names a change of %q and of %q", d, was.key, tx.key)
		}
		o.txs[d] = tx
	}
	o.order = append(o.order, tx)
	return nil
}

// differ describes how what is shown differs from what is required, or is "".
func differ(shown, want map[string]string) string {
	if maps.Equal(shown, want) {
		return ""
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if s, ok := shown[p]; !ok {
			out = append(out, fmt.Sprintf("lacks %q = %s", p, want[p]))
		} else if s != want[p] {
			out = append(out, fmt.Sprintf("shows %q = %s, not %s", p, s, want[p]))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(shown)) {
		if _, ok := want[p]; !ok {
			out = append(out, fmt.Sprintf("shows %q = %s, which nothing visible put there", p, shown[p]))
		}
	}
	return strings.Join(out, "; ")
}
