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
// neither changes nor keeps w; w may be v. O(n+m) over replicas that both know,
// plus O(log n) for each of w's if some are new.
func (v *Vector) Merge(w *Vector) (changed bool) {
	if v.sameIDs(w) {
		for i, r := range w.rows {
			if r.seq > v.rows[i].seq {
				v.rows[i].seq, changed = r.seq, true
			}
		}
		return changed
	}
	missing := 0
	for _, r := range w.rows {
		if v.Get(r.id) == 0 {
			missing++
		}
	}
	i, j := len(v.rows)-1, len(w.rows)-1
	v.rows = append(v.rows, make([]vectorRow, missing)...)
	for at := len(v.rows) - 1; j >= 0; at-- { // from the back, so that nothing is moved twice
		switch {
		case i < 0 || v.rows[i].id < w.rows[j].id:
			v.rows[at], changed = w.rows[j], true
			j--
		case v.rows[i].id > w.rows[j].id:
			v.rows[at] = v.rows[i]
			i--
		default:
			changed = changed || w.rows[j].seq > v.rows[i].seq
			v.rows[at] = vectorRow{v.rows[i].id, max(v.rows[i].seq, w.rows[j].seq)}
			i, j = i-1, j-1
		}
	}
	return changed
}

func (v *Vector) sameIDs(w *Vector) bool {
	return slices.EqualFunc(v.rows, w.rows, func(a, b vectorRow) bool { return a.id == b.id })
}

// Compare tells how the histories relate. O(n+m).
func (v *Vector) Compare(w *Vector) Ordering {
	var vMore, wMore bool
	i, j := 0, 0
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
