package crdt

import (
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// AWMap maps keys to values of one causal type, at any depth, under one context:
// removing a key resets what the remover saw below it, at every depth, and what
// others did there concurrently survives, no more and no less.
//
// A key is present while something is live below it: a counter at +5-5 is
// present with value 0, an emptied set is not.
type AWMap[K comparable, V Nested[V]] struct {
	object
	keys  Codec[K]
	proto V
}

// AWMapKind returns the kind of maps from keys of that codec to values of that
// kind. BoundedCounter and lattices of your own are not Nested and do not
// compile here.
func AWMapKind[K comparable, V Nested[V]](k Codec[K], v Kind[V]) Kind[*AWMap[K, V]] {
	return causalKind("awmap<"+k.declared()+","+v.declared()+">", &AWMap[K, V]{keys: k, proto: v.New()})
}

func (m *AWMap[K, V]) place(k K) object {
	if m == nil {
		panic("crdt: a nil AWMap has no values: make one with the New of its kind")
	}
	return m.below(segment(roleKey, &m.keys, k))
}

// At returns the value of k as a view that reads and writes through to the map.
// At never fails and creates nothing: the value of an absent key is empty, and
// the first write makes the key present, also after a removal. A key that the
// codec refuses reads as empty and fails the transaction that writes.
//
// The view is valid as long as the map. It has no state of its own: Merge on it
// panics, Clone detaches a copy.
func (m *AWMap[K, V]) At(k K) V { return m.proto.nest(m.place(k)) }

// Remove resets what this replica sees below k; of an absent key it does
// nothing. O(what is below).
func (m *AWMap[K, V]) Remove(tx *Tx, k K) { tx.kill(m.place(k)) }

// Clear removes every key that this replica sees. O(what is below).
func (m *AWMap[K, V]) Clear(tx *Tx) { tx.kill(m.object) }

// Contains reports whether k is present.
func (m *AWMap[K, V]) Contains(k K) bool {
	if m == nil || m.state == nil {
		return false
	}
	o := m.place(k)
	return o.at().Has()
}

// Len returns the number of keys that are present.
func (m *AWMap[K, V]) Len() int { return m.obj().at().Len() }

// Prune ends the tombstones below the map that no replica needs any more, of keys
// that are absent too: those of every RWSet and DWFlag, as RWSet.Prune, which says
// what stable must be. O(what is below).
func (m *AWMap[K, V]) Prune(tx *Tx, stable *clock.Context) { tx.prune(m.object, stable) }

// All yields the keys that are present and views of their values, in order of
// the keys' bytes. It walks what was there at the start: keys removed meanwhile
// are skipped, those added are not visited. O(n log n).
func (m *AWMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, seg := range m.obj().at().Segments() {
			if !m.obj().at().Kid(seg).Has() {
				continue
			}
			k, err := m.keys.Decode([]byte(seg[1:]))
			if err != nil {
				panic(fmt.Sprintf("crdt: map holds a key that its codec %s cannot read: %v", m.keys.Name, err))
			}
			if !yield(k, m.proto.nest(m.below(seg, nil))) {
				return
			}
		}
	}
}

// Merge implements Lattice.
func (m *AWMap[K, V]) Merge(delta *AWMap[K, V]) bool { return merge(m, delta) }

// Equal implements Lattice; of views it compares the values and their dots.
func (m *AWMap[K, V]) Equal(o *AWMap[K, V]) bool { return equal(m, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (m *AWMap[K, V]) Clone() *AWMap[K, V] {
	if m == nil {
		return nil
	}
	return &AWMap[K, V]{m.clone(), m.keys, m.proto}
}

// IsBottom implements Lattice.
func (m *AWMap[K, V]) IsBottom() bool { return m.obj().isBottom() }

func (m *AWMap[K, V]) obj() *object {
	if m == nil {
		return nil
	}
	return &m.object
}

func (m *AWMap[K, V]) needs() string { return "keys and values" }

func (m *AWMap[K, V]) nest(o object) *AWMap[K, V] { return &AWMap[K, V]{o, m.keys, m.proto} }

func (m *AWMap[K, V]) schema() kernel.Schema { return keyed{m.keys.check, m.proto.schema()} }

func (m *AWMap[K, V]) depth() int { return 1 + depthOf(m.proto) }
