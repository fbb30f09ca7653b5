package crdt

import (
	"encoding/binary"
	"iter"
	"maps"
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
//  3. no row is all zero;
//  4. a replica has its row in late or among the others, never in both; late has as
//     many rows as the others at most.
type rows struct {
	ids    replicas
	totals []uint64
	// Late are rows that came one by one and were not put in order yet: to do so with
	// each would copy the table each time. Nil is none.
	late map[clock.ReplicaID][]uint64
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
	return rows{ids: replicas(wire.AppendUint64(nil, uint64(id))), totals: totals}
}

// row returns the totals of id, which are t's own, or nil.
func (t *rows) row(id clock.ReplicaID, width int) []uint64 {
	if i, ok := t.ids.find(id, 0); ok {
		return t.totals[i*width : (i+1)*width]
	}
	return t.late[id]
}

// merge joins d into t. O(rows) for tables of the same replicas, else O(m log n)
// for m rows into n, if those that are new are few, and else O(n+m).
func (t *rows) merge(d *rows, width int) (changed bool) {
	if d.late != nil {
		d = d.settled(width)
	}
	if t.late != nil && d.ids.len()*lateShare > t.ids.len() { // then it costs no more
		*t = *t.settled(width)
	}
	if t.ids == d.ids {
		return raise(t.totals, d.totals)
	}
	return t.mergeOthers(d, width)
}

func (t *rows) mergeOthers(d *rows, width int) (changed bool) {
	missing, at := 0, 0
	for i := range d.ids.len() {
		var known bool
		id := d.ids.at(i)
		if at, known = t.ids.find(id, at); known {
			changed = raise(t.totals[at*width:(at+1)*width], d.totals[i*width:(i+1)*width]) || changed
		} else if late := t.late[id]; late != nil {
			changed = raise(late, d.totals[i*width:(i+1)*width]) || changed
		} else {
			missing++
		}
	}
	switch n := t.ids.len(); {
	case missing == 0:
		return changed
	case missing*lateShare <= n && len(t.late)+missing <= n:
		t.insertLate(d, width)
		return true
	case t.late != nil: // its rows stand in order beside those of d
		*t = *t.settled(width)
	}
	t.insert(d, width, missing)
	return true
}

// lateShare is how many times as many rows a table must have as come late: with more at
// once it is as fast to copy it.
const lateShare = 16

// insertLate adds the rows of d whose replicas t lacks, in no order. O(rows of d, and
// their log).
func (t *rows) insertLate(d *rows, width int) {
	if t.late == nil {
		t.late = make(map[clock.ReplicaID][]uint64)
	}
	at := 0
	for i := range d.ids.len() {
		id := d.ids.at(i)
		var known bool
		if at, known = t.ids.find(id, at); !known && t.late[id] == nil {
			t.late[id] = slices.Clone(d.totals[i*width : (i+1)*width])
		}
	}
}

// settled returns a table with the rows of t, all in order: t itself, which is not
// changed, if they are. O(n log n).
func (t *rows) settled(width int) *rows {
	if t.late == nil {
		return t
	}
	var d rows
	ids := make([]byte, 0, len(t.late)*idSize)
	for _, id := range slices.Sorted(maps.Keys(t.late)) {
		ids = wire.AppendUint64(ids, uint64(id))
		d.totals = append(d.totals, t.late[id]...)
	}
	d.ids = replicas(ids)
	out := &rows{ids: t.ids, totals: t.totals}
	out.insert(&d, width, len(t.late))
	return out
}

// each yields the totals of all replicas, in no order.
func (t *rows) each(width int) iter.Seq[[]uint64] {
	return func(yield func([]uint64) bool) {
		for i := 0; i < len(t.totals); i += width {
			if !yield(t.totals[i : i+width]) {
				return
			}
		}
		for _, row := range t.late {
			if !yield(row) {
				return
			}
		}
	}
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

func (t *rows) equal(o *rows, width int) bool {
	t, o = t.settled(width), o.settled(width)
	return t.ids == o.ids && slices.Equal(t.totals, o.totals)
}

func (t *rows) clone(width int) rows {
	if t.late != nil {
		return *t.settled(width)
	}
	return rows{ids: t.ids, totals: slices.Clone(t.totals)}
}

// appendBinary appends the number of rows and each of them: id, totals.
func (t *rows) appendBinary(b []byte, width int) []byte {
	t = t.settled(width)
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
	return rows{ids: replicas(ids), totals: totals}
}
