package clock

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Vector is a version vector: for each replica, the number of its first events
// that a history contains. The zero value is the empty history. A Vector must
// not be copied by assignment while either copy is changed; use Clone.
//
// It is not safe for concurrent use.
type Vector struct {
	// Invariants:
	//  1. rows ascend by id; each id is valid and stands once;
	//  2. 1 <= seq <= MaxSeq: no entry is zero, so equal histories compare equal
	//     row by row.
	rows []vectorRow
}

type vectorRow struct {
	id  ReplicaID
	seq uint64
}

func (r vectorRow) compareID(id ReplicaID) int { return cmp.Compare(r.id, id) }

// Get returns how many of id's events are contained. O(log n).
func (v *Vector) Get(id ReplicaID) uint64 {
	if i, ok := slices.BinarySearchFunc(v.rows, id, vectorRow.compareID); ok {
		return v.rows[i].seq
	}
	return 0
}

// Contains reports whether the history contains d. O(log n).
func (v *Vector) Contains(d Dot) bool { return d.Seq >= 1 && d.Seq <= v.Get(d.Replica) }

// Advance raises the entry of d.Replica to d.Seq and reports whether that
// changed it. It panics if d names nothing. O(log n), O(n) for a new replica.
func (v *Vector) Advance(d Dot) (changed bool) {
	if !d.IsValid() {
		panic(fmt.Sprintf("clock: Advance(%v): not a dot", d))
	}
	i, ok := slices.BinarySearchFunc(v.rows, d.Replica, vectorRow.compareID)
	switch {
	case !ok:
		v.rows = slices.Insert(v.rows, i, vectorRow{d.Replica, d.Seq})
	case v.rows[i].seq < d.Seq:
		v.rows[i].seq = d.Seq
	default:
		return false
	}
	return true
}

// Merge makes v the union of v and w and reports whether that changed v. It
// neither changes nor keeps w; w may be v. O(n+m), and O(m log n) for few of w in
// many of v. It allocates only for replicas that are new to v.
func (v *Vector) Merge(w *Vector) (changed bool) {
	a, b := v.rows, w.rows
	if len(a) != len(b) {
		return v.mergeRows(w)
	}
	b = b[:len(a)]
	var grown uint64
	for i := range a {
		p, q := &a[i], &b[i]
		if p.id != q.id {
			return v.mergeRows(w) // true: as many replicas, but not the same
		}
		seq := max(p.seq, q.seq)
		grown |= seq ^ p.seq
		p.seq = seq
	}
	return grown != 0
}

// mergeRows is Merge for vectors of different replicas.
func (v *Vector) mergeRows(w *Vector) (changed bool) {
	missing, i := 0, 0
	for _, r := range w.rows {
		switch i = v.seek(i, r.id); {
		case i == len(v.rows) || v.rows[i].id != r.id:
			missing++
		case v.rows[i].seq < r.seq:
			v.rows[i].seq, changed = r.seq, true
		}
	}
	if missing == 0 {
		return changed
	}
	i = len(v.rows) - 1
	v.rows = slices.Grow(v.rows, missing)[:len(v.rows)+missing]
	for j, at := len(w.rows)-1, len(v.rows)-1; at > i; at-- { // from the back, so that nothing is moved twice
		switch {
		case i < 0 || v.rows[i].id < w.rows[j].id:
			v.rows[at] = w.rows[j]
			j--
		default:
			if v.rows[i].id == w.rows[j].id {
				j--
			}
			v.rows[at] = v.rows[i]
			i--
		}
	}
	return true
}

// seek returns the first row from i on whose id is not below id: linear for a
// few steps, as between histories of nearly the same replicas, then by bisection.
func (v *Vector) seek(i int, id ReplicaID) int {
	for end := min(len(v.rows), i+8); i < end; i++ {
		if v.rows[i].id >= id {
			return i
		}
	}
	n, _ := slices.BinarySearchFunc(v.rows[i:], id, vectorRow.compareID)
	return i + n
}

// Compare tells how the histories relate. O(n+m), less if they are concurrent.
func (v *Vector) Compare(w *Vector) Ordering {
	a, b := v.rows, w.rows
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	var less, more uint64 // the top bit: some number of v is smaller, larger
	for i := range a {
		p, q := &a[i], &b[i]
		if p.id != q.id {
			return v.compareRows(w, i, int64(more) < 0, int64(less) < 0)
		}
		less |= p.seq - q.seq // numbers have 63 bits
		more |= q.seq - p.seq
		if int64(less&more) < 0 {
			return Concurrent
		}
	}
	return orderingOf(int64(more) < 0 || n < len(v.rows), int64(less) < 0 || n < len(w.rows))
}

// compareRows is Compare from row n of both on, told what those before have.
func (v *Vector) compareRows(w *Vector, n int, vMore, wMore bool) Ordering {
	i, j := n, n
	for i < len(v.rows) && j < len(w.rows) && (!vMore || !wMore) {
		a, b := v.rows[i], w.rows[j]
		switch c := cmp.Compare(a.id, b.id); {
		case c < 0:
			vMore = true
			i++
		case c > 0:
			wMore = true
			j++
		default:
			vMore = vMore || a.seq > b.seq
			wMore = wMore || b.seq > a.seq
			i, j = i+1, j+1
		}
	}
	return orderingOf(vMore || i < len(v.rows), wMore || j < len(w.rows))
}

// Equal reports whether the histories are the same.
func (v *Vector) Equal(w *Vector) bool { return slices.Equal(v.rows, w.rows) }

// Len returns the number of replicas with an entry.
func (v *Vector) Len() int { return len(v.rows) }

// All yields the entries in ascending order of replica. V must not change
// meanwhile.
func (v *Vector) All() iter.Seq2[ReplicaID, uint64] {
	return func(yield func(ReplicaID, uint64) bool) {
		for _, r := range v.rows {
			if !yield(r.id, r.seq) {
				return
			}
		}
	}
}

// Clone returns a copy that shares no memory with v.
func (v *Vector) Clone() *Vector { return &Vector{rows: slices.Clone(v.rows)} }

// String returns the entries in order, such as {0000000000000001:7}.
func (v *Vector) String() string {
	b := []byte{'{'}
	for i, r := range v.rows {
		if i > 0 {
			b = append(b, ' ')
		}
		b = fmt.Appendf(b, "%v:%d", r.id, r.seq)
	}
	return string(append(b, '}'))
}

// AppendBinary appends the canonical encoding: a count, then id and number of
// each entry in order.
func (v *Vector) AppendBinary(b []byte) ([]byte, error) {
	b = wire.AppendUvarint(b, uint64(len(v.rows)))
	for _, r := range v.rows {
		b = wire.AppendUvarint(wire.AppendUint64(b, uint64(r.id)), r.seq)
	}
	return b, nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (v *Vector) MarshalBinary() ([]byte, error) { return v.AppendBinary(nil) }

// UnmarshalBinary replaces v by what AppendBinary wrote. On error v is as it
// was. Memory is bounded by the input's length.
func (v *Vector) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	rows := make([]vectorRow, 0, r.Count(9))
	for range cap(rows) {
		d := ReadDot(r)
		if n := len(rows); n > 0 && rows[n-1].id >= d.Replica {
			r.Failf("replica %v is out of order", d.Replica)
		}
		rows = append(rows, vectorRow{d.Replica, d.Seq})
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: vector: %w", err)
	}
	v.rows = rows
	return nil
}
