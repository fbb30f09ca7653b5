package bench

import (
	"maps"

	"github.com/dovetail-crdt/dovetail/clock"
)

// The baselines of vectors and counters: a map from replica to its row, joined
// by the larger.

type maxMap map[clock.ReplicaID]uint64

// Merge takes the larger of each row.
func (m maxMap) Merge(o maxMap) (changed bool) {
	for id, v := range o {
		if v > m[id] {
			m[id], changed = v, true
		}
	}
	return changed
}

// Clone copies the map.
func (m maxMap) Clone() maxMap { return maps.Clone(m) }

// compare tells how two maps relate, as clock.Vector.Compare does.
func (m maxMap) compare(o maxMap) clock.Ordering {
	more, less := false, false
	for id, v := range m {
		w := o[id]
		more, less = more || v > w, less || v < w
	}
	for id, w := range o {
		less = less || w > m[id]
	}
	switch {
	case more && less:
		return clock.Concurrent
	case more:
		return clock.After
	case less:
		return clock.Before
	}
	return clock.Equal
}

// maxMaps returns a map of n rows and batch ones that are each ahead of the one
// before in every row.
func maxMaps(n, batch int) (start maxMap, ahead []maxMap) {
	at := make(maxMap, n)
	for _, id := range replicas(n) {
		at[id] = 100
	}
	start = at.Clone()
	for range batch {
		for id := range at {
			at[id]++
		}
		ahead = append(ahead, at.Clone())
	}
	return start, ahead
}

type pnRow struct{ inc, dec uint64 }

type pnMap map[clock.ReplicaID]pnRow

// Merge takes the larger of each total.
func (m pnMap) Merge(o pnMap) (changed bool) {
	for id, v := range o {
		if w := m[id]; v.inc > w.inc || v.dec > w.dec {
			m[id], changed = pnRow{max(v.inc, w.inc), max(v.dec, w.dec)}, true
		}
	}
	return changed
}

// Clone copies the map.
func (m pnMap) Clone() pnMap { return maps.Clone(m) }

// pnMaps is maxMaps for rows of two totals.
func pnMaps(n, batch int) (start pnMap, ahead []pnMap) {
	double := func(m maxMap) pnMap {
		out := make(pnMap, len(m))
		for id, v := range m {
			out[id] = pnRow{inc: v}
		}
		return out
	}
	at, all := maxMaps(n, batch)
	for _, m := range all {
		ahead = append(ahead, double(m))
	}
	return double(at), ahead
}
