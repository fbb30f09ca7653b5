package clock_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// contextModel is a few contexts beside their oracles. Operations combine them,
// and all are checked after each step, so memory that two of them share, or an
// argument that an operation changes, shows up as a difference.
type contextModel struct {
	u    universe
	got  [3]*clock.Context
	want [3]dotSet
}

func TestContextModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newContextModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"":         m.check,
			"add":      m.add,
			"addRange": m.addRange,
			"merge":    m.merge,
			"minus":    m.minus,
			"clone":    m.clone,
			"decode":   m.decode,
		})
	})
}

func newContextModel(t *rapid.T) *contextModel {
	m := &contextModel{u: drawUniverse(t)}
	for i := range m.got {
		m.got[i], m.want[i] = &clock.Context{}, dotSet{}
		for _, d := range rapid.SliceOfN(m.u.dot(), 0, 30).Draw(t, "dots") {
			m.got[i].Add(d)
			m.want[i][d] = true
		}
	}
	return m
}

func (m *contextModel) slot(t *rapid.T, label string) int {
	return rapid.IntRange(0, len(m.got)-1).Draw(t, label)
}

func (m *contextModel) add(t *rapid.T) {
	i, d := m.slot(t, "to"), m.u.dot().Draw(t, "dot")
	want := m.want[i].addRange(d.Replica, clock.Interval{Lo: d.Seq, Hi: d.Seq})
	if got := m.got[i].Add(d); got != want {
		t.Fatalf("Add(%v) = %v, want %v", d, got, want)
	}
}

func (m *contextModel) addRange(t *rapid.T) {
	i, id := m.slot(t, "to"), m.u.id().Draw(t, "replica")
	a, b := m.u.seq().Draw(t, "a"), m.u.seq().Draw(t, "b")
	in := clock.Interval{Lo: min(a, b), Hi: max(a, b)}
	want := m.want[i].addRange(id, in)
	if got := m.got[i].AddRange(id, in); got != want {
		t.Fatalf("AddRange(%v, %v) = %v, want %v", id, in, got, want)
	}
}

func (m *contextModel) merge(t *rapid.T) {
	i, j := m.slot(t, "to"), m.slot(t, "from") // i == j merges a set into itself
	was := m.got[i].String()
	want := m.want[i].merge(m.want[j])
	if got := m.got[i].Merge(m.got[j]); got != want {
		t.Fatalf("%v.Merge(%v) = %v, want %v", was, m.got[j], got, want)
	}
}

func (m *contextModel) minus(t *rapid.T) {
	i, j, k := m.slot(t, "from"), m.slot(t, "less"), m.slot(t, "to")
	m.got[k], m.want[k] = m.got[i].Minus(m.got[j]), m.want[i].minus(m.want[j])
}

func (m *contextModel) clone(t *rapid.T) {
	i, k := m.slot(t, "from"), m.slot(t, "to")
	m.got[k], m.want[k] = m.got[i].Clone(), maps.Clone(m.want[i])
}

func (m *contextModel) decode(t *rapid.T) {
	i, k := m.slot(t, "from"), m.slot(t, "to")
	b, err := m.got[i].MarshalBinary()
	if err != nil {
		t.Fatalf("%v.MarshalBinary() = %v, want no error", m.got[i], err)
	}
	c := &clock.Context{}
	if err := c.UnmarshalBinary(b); err != nil {
		t.Fatalf("UnmarshalBinary(% x) = %v, want %v", b, err, m.got[i])
	}
	clear(b) // a context that aliases its input would now differ
	m.got[k], m.want[k] = c, maps.Clone(m.want[i])
}

func (m *contextModel) check(t *rapid.T) {
	for i, c := range m.got {
		if err := clock.CheckContext(c); err != nil {
			t.Fatalf("context %d: %v", i, err)
		}
		m.checkDots(t, i)
		for j, o := range m.got {
			if got, want := c.Covers(o), m.want[i].covers(m.want[j]); got != want {
				t.Fatalf("%v.Covers(%v) = %v, want %v", c, o, got, want)
			}
			if got, want := c.Compare(o), m.want[i].compare(m.want[j]); got != want {
				t.Fatalf("%v.Compare(%v) = %v, want %v", c, o, got, want)
			}
			if got, want := c.Equal(o), maps.Equal(m.want[i], m.want[j]); got != want {
				t.Fatalf("%v.Equal(%v) = %v, want %v", c, o, got, want)
			}
		}
	}
}

// checkDots compares all that context i tells about its dots with the oracle.
func (m *contextModel) checkDots(t *rapid.T, i int) {
	c, set := m.got[i], m.want[i]
	byID := set.runs()
	var all []run
	var ids []clock.ReplicaID
	for _, id := range m.u.probes() {
		runs := byID[id]
		if got := c.RunsOf(id); !slices.Equal(got, runs) {
			t.Fatalf("%v.RunsOf(%v) = %v, want %v", c, id, got, runs)
		}
		var first, last uint64
		if n := len(runs); n > 0 {
			ids, last = append(ids, id), runs[n-1].Hi
			if runs[0].Lo == 1 {
				first = runs[0].Hi
			}
		}
		if got := c.Prefix(id); got != first {
			t.Fatalf("%v.Prefix(%v) = %v, want %v", c, id, got, first)
		}
		if got := c.Max(id); got != last {
			t.Fatalf("%v.Max(%v) = %v, want %v", c, id, got, last)
		}
		for seq := m.u.lo - 1; seq <= m.u.hi+1; seq++ {
			d := clock.Dot{Replica: id, Seq: seq}
			if got := c.Contains(d); got != set[d] {
				t.Fatalf("%v.Contains(%v) = %v, want %v", c, d, got, set[d])
			}
		}
		for _, in := range runs {
			all = append(all, run{id, in})
		}
	}
	if got := runsOf(c); !slices.Equal(got, all) {
		t.Fatalf("%v.Intervals() = %v, want %v", c, got, all)
	}
	if got := rowsOf(c); !slices.Equal(got, all) {
		t.Fatalf("%v.Row() = %v, want %v", c, got, all)
	}
	if got := slices.Collect(c.Replicas()); !slices.Equal(got, ids) {
		t.Fatalf("%v.Replicas() = %v, want %v", c, got, ids)
	}
	if got, want := c.IsEmpty(), len(set) == 0; got != want {
		t.Fatalf("%v.IsEmpty() = %v, want %v", c, got, want)
	}
}
