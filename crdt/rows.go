package crdt

import (
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// rows is a table of totals that only grow: each replica owns one row, and two
// tables join by the larger of each total. Ids and totals are apart, so that two
// tables of the same replicas, which is what replicas hold nearly always, are
// compared and joined by two loops over plain memory.
//
// Invariants:
//  1. ids ascend; each is valid and stands once;
//  2. a row has the same number of totals, the width, in every row and table of a
//     type: len(totals) == width*ids.len();
//  3. no row is all zero.
type rows struct {
	ids    replicas
	totals []uint64
}

// replicas is a list of ids: the eight big-endian bytes of each. As a string it
// can be shared by tables, and comparing it is one call.
type replicas string

const idSize = 8

func (l replicas) len() int { return len(l) / idSize }

func (l replicas) at(i int) clock.ReplicaID {
	return clock.ReplicaID(binary.BigEndian.Uint64([]byte(l[i*idSize : (i+1)*idSize])))
}

// find returns where id stands in l at or behind from, or would stand. It doubles
// its step before it halves, so that a walk through a list of n finds m ids in
// O(m log(n/m)).
func (l replicas) find(id clock.ReplicaID, from int) (int, bool) {
	n, step := l.len(), 1
	for from+step <= n && l.at(from+step-1) < id {
		from += step
		step *= 2
	}
	n = min(n, from+step-1) // where the walk stopped is at id or behind it
	i := from + sort.Search(n-from, func(i int) bool { return l.at(from+i) >= id })
	return i, i < l.len() && l.at(i) == id
}

func rowOf(id clock.ReplicaID, totals ...uint64) rows {
	return rows{replicas(wire.AppendUint64(nil, uint64(id))), totals}
}

// row returns the totals of id, which are t's own, or nil.
func (t *rows) row(id clock.ReplicaID, width int) []uint64 {
	if i, ok := t.ids.find(id, 0); ok {
		return t.totals[i*width : (i+1)*width]
	}
	return nil
}

// merge joins d into t. O(rows) for tables of the same replicas, else O(m log n)
// for m rows into n, and O(n+m) if one of them is new.
func (t *rows) merge(d *rows, width int) (changed bool) {
	if t.ids == d.ids {
		return raise(t.totals, d.totals)
	}
	return t.mergeOthers(d, width)
}

func (t *rows) mergeOthers(d *rows, width int) (changed bool) {
	missing, at := 0, 0
	for i := range d.ids.len() {
		var known bool
		if at, known = t.ids.find(d.ids.at(i), at); !known {
			missing++
			continue
		}
		if raise(t.totals[at*width:(at+1)*width], d.totals[i*width:(i+1)*width]) {
			changed = true
		}
	}
	if missing == 0 {
		return changed
	}
	t.insert(d, width, missing)
	return true
}

// insert adds the rows of d whose replicas t lacks, so many.
func (t *rows) insert(d *rows, width, missing int) {
	n := t.ids.len() + missing
	var ids strings.Builder
	ids.Grow(n * idSize)
	totals := make([]uint64, 0, n*width)
	from := 0 // rows of t below it are copied
	for i := range d.ids.len() {
		at, known := t.ids.find(d.ids.at(i), from)
		if known {
			continue
		}
		ids.WriteString(string(t.ids[from*idSize : at*idSize]))
		ids.WriteString(string(d.ids[i*idSize : (i+1)*idSize]))
		totals = append(append(totals, t.totals[from*width:at*width]...), d.totals[i*width:(i+1)*width]...)
		from = at
	}
	ids.WriteString(string(t.ids[from*idSize:]))
	t.ids, t.totals = replicas(ids.String()), append(totals, t.totals[from*width:]...)
}

// raise makes each of x the larger of itself and that of y, and reports whether
// one grew.
func raise(x, y []uint64) (grew bool) {
	if len(x) > len(y) {
		return false // never; it tells the compiler that y[i] is there
	}
	y = y[:len(x)]
	for i, v := range y {
		if v <= x[i] {
			continue
		}
		if len(x)-i >= 2*raiseBlock {
			raiseAll(x[i:], y[i:])
			return true
		}
		x[i], grew = v, true
	}
	return grew
}

// raiseBlock is how many totals raiseAll takes at a time.
const raiseBlock = 8

// raiseAll is raise without the question of what grew, so without a branch a
// total: a quarter faster for 64, and as fast when none can foresee which grow.
func raiseAll(x, y []uint64) {
	for len(x) >= raiseBlock && len(y) >= raiseBlock {
		a, b := (*[raiseBlock]uint64)(x), (*[raiseBlock]uint64)(y)
		a[0] = max(a[0], b[0])
		a[1] = max(a[1], b[1])
		a[2] = max(a[2], b[2])
		a[3] = max(a[3], b[3])
		a[4] = max(a[4], b[4])
		a[5] = max(a[5], b[5])
		a[6] = max(a[6], b[6])
		a[7] = max(a[7], b[7])
		x, y = x[raiseBlock:], y[raiseBlock:]
	}
	for i := range min(len(x), len(y)) {
		x[i] = max(x[i], y[i])
	}
}

func (t *rows) equal(o *rows) bool { return t.ids == o.ids && slices.Equal(t.totals, o.totals) }

func (t *rows) clone() rows { return rows{t.ids, slices.Clone(t.totals)} }

// appendBinary appends the number of rows and each of them: id, totals.
func (t *rows) appendBinary(b []byte, width int) []byte {
	b = wire.AppendUvarint(b, uint64(t.ids.len()))
	for i := range t.ids.len() {
		b = append(b, t.ids[i*idSize:(i+1)*idSize]...)
		for _, n := range t.totals[i*width : (i+1)*width] {
			b = wire.AppendUvarint(b, n)
		}
	}
	return b
}

// readRows reads what appendBinary wrote. Totals are at most limit.
func readRows(r *wire.Reader, width int, limit uint64) rows {
	n := r.Count(idSize + width)
	ids := make([]byte, 0, n*idSize)
	totals := make([]uint64, 0, n*width)
	var last clock.ReplicaID
	for range n {
		id := clock.ReplicaID(r.Uint64())
		if id <= last {
			r.Failf("row of replica %v behind that of %v", id, last)
		}
		last = id
		ids = wire.AppendUint64(ids, uint64(id))
		some := uint64(0)
		for range width {
			v := r.Uvarint()
			if v > limit {
				r.Failf("total of %v is %d", id, v)
			}
			totals, some = append(totals, v), some|v
		}
		if some == 0 {
			r.Failf("row of %v is all zero", id)
		}
	}
	return rows{replicas(ids), totals}
}
