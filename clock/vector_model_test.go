package clock_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// vectorModel is a few vectors beside their oracles, all checked after each
// step; see contextModel.
type vectorModel struct {
	u    universe
	got  [3]*clock.Vector
	want [3]map[clock.ReplicaID]uint64
}

func TestVectorModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &vectorModel{u: drawUniverse(t)}
		for i := range m.got {
			m.got[i], m.want[i] = &clock.Vector{}, map[clock.ReplicaID]uint64{}
			for _, d := range rapid.SliceOfN(m.u.dot(), 0, 20).Draw(t, "dots") {
				m.got[i].Advance(d)
				m.want[i][d.Replica] = max(m.want[i][d.Replica], d.Seq)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"advance": m.advance,
			"merge":   m.merge,
			"clone":   m.clone,
			"decode":  m.decode,
		})
	})
}

func (m *vectorModel) slot(t *rapid.T, label string) int {
	return rapid.IntRange(0, len(m.got)-1).Draw(t, label)
}

func (m *vectorModel) advance(t *rapid.T) {
	i, d := m.slot(t, "to"), m.u.dot().Draw(t, "dot")
	want := d.Seq > m.want[i][d.Replica]
	if got := m.got[i].Advance(d); got != want {
		t.Fatalf("Advance(%v) = %v, want %v", d, got, want)
	}
	m.want[i][d.Replica] = max(m.want[i][d.Replica], d.Seq)
}

func (m *vectorModel) merge(t *rapid.T) {
	i, j := m.slot(t, "to"), m.slot(t, "from") // i == j merges a vector into itself
	was, want := m.got[i].String(), false
	for id, seq := range m.want[j] {
		want = want || seq > m.want[i][id]
		m.want[i][id] = max(m.want[i][id], seq)
	}
	if got := m.got[i].Merge(m.got[j]); got != want {
		t.Fatalf("%v.Merge(%v) = %v, want %v", was, m.got[j], got, want)
	}
}

func (m *vectorModel) clone(t *rapid.T) {
	i, k := m.slot(t, "from"), m.slot(t, "to")
	m.got[k], m.want[k] = m.got[i].Clone(), maps.Clone(m.want[i])
}

func (m *vectorModel) decode(t *rapid.T) {
	i, k := m.slot(t, "from"), m.slot(t, "to")
	b, err := m.got[i].MarshalBinary()
	if err != nil {
		t.Fatalf("%v.MarshalBinary() = %v, want no error", m.got[i], err)
	}
	v := &clock.Vector{}
	if err := v.UnmarshalBinary(b); err != nil {
		t.Fatalf("UnmarshalBinary(% x) = %v, want %v", b, err, m.got[i])
	}
	m.got[k], m.want[k] = v, maps.Clone(m.want[i])
}

func (m *vectorModel) check(t *rapid.T) {
	for i, v := range m.got {
		if err := clock.CheckVector(v); err != nil {
			t.Fatalf("vector %d: %v", i, err)
		}
		m.checkEntries(t, i)
		for j, w := range m.got {
			want := ordering(includes(m.want[i], m.want[j]), includes(m.want[j], m.want[i]))
			if got := v.Compare(w); got != want {
				t.Fatalf("%v.Compare(%v) = %v, want %v", v, w, got, want)
			}
			if got, want := v.Equal(w), want == clock.Equal; got != want {
				t.Fatalf("%v.Equal(%v) = %v, want %v", v, w, got, want)
			}
		}
	}
}

// checkEntries compares all that vector i tells about itself with the oracle.
func (m *vectorModel) checkEntries(t *rapid.T, i int) {
	v, set := m.got[i], m.want[i]
	if got := v.Len(); got != len(set) {
		t.Fatalf("%v.Len() = %v, want %v", v, got, len(set))
	}
	for _, id := range m.u.probes() {
		if got := v.Get(id); got != set[id] {
			t.Fatalf("%v.Get(%v) = %v, want %v", v, id, got, set[id])
		}
		for _, seq := range []uint64{0, 1, m.u.lo, set[id], set[id] + 1} {
			want := seq >= 1 && seq <= set[id]
			if got := v.Contains(clock.Dot{Replica: id, Seq: seq}); got != want {
				t.Fatalf("%v.Contains(%v.%d) = %v, want %v", v, id, seq, got, want)
			}
		}
	}
	var ids []clock.ReplicaID
	for id, seq := range v.All() {
		if ids = append(ids, id); set[id] != seq {
			t.Fatalf("%v.All() yields %v:%d, want %d", v, id, seq, set[id])
		}
	}
	if want := slices.Sorted(maps.Keys(set)); !slices.Equal(ids, want) {
		t.Fatalf("%v.All() yields replicas %v, want %v", v, ids, want)
	}
}

// includes reports whether v contains all that w contains.
func includes(v, w map[clock.ReplicaID]uint64) bool {
	for id, seq := range w {
		if v[id] < seq {
			return false
		}
	}
	return true
}
