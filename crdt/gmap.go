package crdt

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// GMap maps keys to values of one lattice without a context, such as GCounter or a
// type of your own: concurrent changes of one value merge by the rule of its type,
// and a key that is there stays, since nothing tells a removal from an update that
// was not seen. For keys that can be removed use AWMap.
//
// A BoundedCounter may be a value here, though not of an AWMap: what would break
// its bound is the removal of a row with rights that somebody spends meanwhile.
//
// A key is its canonical bytes under the codec; it is present while its value is
// not bottom. A transaction copies the map (Mutate).
type GMap[K comparable, S Lattice[S]] struct {
	values map[string]S // by canonical bytes, which the codec accepted; none bottom
	keys   Codec[K]
	kind   Kind[S]
}

// GMapKind returns the kind of grow-only maps from keys of that codec to values of
// that kind, which may be a GMap too. Its version is that of the values. It panics
// if the values are of a causal type: each would have a context of its own, which
// tells nothing about the values beside it. Those go into an AWMap.
func GMapKind[K comparable, S Lattice[S]](k Codec[K], v Kind[S]) Kind[*GMap[K, S]] {
	kind := plainKind("gmap<"+k.declared()+","+v.declared()+">", func() *GMap[K, S] { return newGMap(k, v) }, (*GMap[K, S]).appendBinary)
	kind.New() // refuses causal types
	kind.Version = v.Version
	if v.DecodeOther != nil {
		kind.DecodeOther = func(b []byte, version int) (*GMap[K, S], error) {
			m := newGMap(k, v)
			return m, m.unmarshal(b, version)
		}
	}
	return kind
}

// newGMap returns an empty map. It panics where GMapKind does.
func newGMap[K comparable, S Lattice[S]](k Codec[K], v Kind[S]) *GMap[K, S] {
	if _, ok := any(v.New()).(causal); ok {
		panic(fmt.Sprintf("crdt: GMap of %s, a causal type, whose values share one context: use AWMapKind", v.Name))
	}
	return &GMap[K, S]{make(map[string]S), k, v}
}

// Apply changes the value of k, or of an absent key an empty one, by calling fn
// with it and with a transaction on it; that is the one that the mutators of the
// value take, and tx cannot be used meanwhile. The value given to fn is a copy.
// O(value).
//
// If fn returns an error, what it did is undone and Apply returns the error; the
// transaction can go on. A key that the codec refuses, and a mutator that fails,
// fail the whole transaction, and are returned too.
func (m *GMap[K, S]) Apply(tx *Tx, k K, fn func(*Tx, S) error) error {
	tx.about(m)
	raw, ok := rawOf(tx, &m.keys, k)
	if !ok {
		return tx.err
	}
	work := m.kind.New()
	if v, ok := m.values[string(raw)]; ok {
		work = v.Clone()
	}
	delta, changed, err := part(tx, work, fn)
	if changed {
		Record(tx, m, &GMap[K, S]{map[string]S{string(raw): delta}, m.keys, m.kind})
	}
	return err
}

// Get returns the value of k and true, or false if k is absent. The value is the
// map's own and follows it: read it, and change it by Apply alone.
func (m *GMap[K, S]) Get(k K) (v S, ok bool) {
	if m.IsBottom() {
		return v, false
	}
	raw, err := m.keys.encode(nil, k)
	if err != nil {
		return v, false
	}
	v, ok = m.values[string(raw)]
	return v, ok
}

// Contains reports whether k is present.
func (m *GMap[K, S]) Contains(k K) bool {
	_, ok := m.Get(k)
	return ok
}

// Len returns the number of keys.
func (m *GMap[K, S]) Len() int { return len(m.entries()) }

func (m *GMap[K, S]) entries() map[string]S {
	if m == nil {
		return nil
	}
	return m.values
}

// All yields keys and values, as Get returns them, in order of the keys' bytes:
// the keys that were there at the start. O(n log n).
func (m *GMap[K, S]) All() iter.Seq2[K, S] {
	return func(yield func(K, S) bool) {
		for _, raw := range slices.Sorted(maps.Keys(m.entries())) {
			if !yield(read("map", &m.keys, raw), m.values[raw]) {
				return
			}
		}
	}
}

// Merge implements Lattice. O(keys of delta) merges of values.
func (m *GMap[K, S]) Merge(delta *GMap[K, S]) (changed bool) {
	mustBeMade(m != nil && m.values != nil, "GMap")
	if delta == nil {
		return false
	}
	for raw, d := range delta.values {
		v, ok := m.values[raw]
		if !ok {
			m.values[raw], changed = d.Clone(), true
		} else if v.Merge(d) {
			changed = true
		}
	}
	return changed
}

// Equal implements Lattice. O(state).
func (m *GMap[K, S]) Equal(o *GMap[K, S]) bool {
	if m.IsBottom() || o.IsBottom() {
		return m.IsBottom() == o.IsBottom()
	}
	return maps.EqualFunc(m.values, o.values, func(a, b S) bool { return a.Equal(b) })
}

// Clone implements Lattice. O(state).
func (m *GMap[K, S]) Clone() *GMap[K, S] {
	if m == nil {
		return nil
	}
	c := &GMap[K, S]{make(map[string]S, len(m.values)), m.keys, m.kind}
	c.Merge(m)
	return c
}

// IsBottom implements Lattice; a nil map is bottom.
func (m *GMap[K, S]) IsBottom() bool { return m == nil || len(m.values) == 0 }

// appendBinary appends the number of keys and each key and its value, with their
// lengths, in order of the keys' bytes. O(state).
func (m *GMap[K, S]) appendBinary(b []byte) ([]byte, error) {
	b = wire.AppendUvarint(b, uint64(len(m.values)))
	var content []byte
	for _, raw := range slices.Sorted(maps.Keys(m.values)) {
		var err error
		if content, err = m.kind.Append(content[:0], m.values[raw]); err != nil {
			return nil, fmt.Errorf("%s: %w", m.kind.Name, err)
		}
		b = wire.AppendBytes(wire.AppendBytes(b, raw), content)
	}
	return b, nil
}

// unmarshalBinary replaces m by what appendBinary wrote; on error m is as it was.
// Memory is bounded by the length of b as the kind of the values bounds it.
func (m *GMap[K, S]) unmarshalBinary(b []byte) error { return m.unmarshal(b, m.kind.Version) }

// unmarshal reads values of that version of their kind.
func (m *GMap[K, S]) unmarshal(b []byte, version int) error {
	r := wire.NewReader(b)
	values := make(map[string]S)
	err := readAscending(r, func(raw []byte) error {
		if err := m.keys.check(raw); err != nil {
			return err
		}
		v, err := m.kind.decode(r.Bytes(), version)
		if err == nil && v.IsBottom() {
			r.Failf("key without a value")
		}
		values[string(raw)] = v
		return err
	})
	if err != nil {
		return fmt.Errorf("crdt: gmap: %w", err)
	}
	m.values = values
	return nil
}
