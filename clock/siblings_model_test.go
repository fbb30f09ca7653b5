package clock_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// siblingsOp is a write or a discard, told as the oracle knows it: by what it
// kills, whatever anybody's context says.
type siblingsOp struct {
	dot   clock.Dot // zero for a discard
	kills dotSet
	claim clock.Interval
	delta *clock.Siblings[string]
}

// siblingsModel is three replicas that write one object. The oracle of a state is
// the set of operations whose deltas it has, and nothing clever: it shows the
// writes that no operation of the set kills. Merge is union, so whatever is lost,
// repeated, reordered or rolled back can be told of it.
type siblingsModel struct {
	ops  []siblingsOp
	next [3]uint64 // of a writer: its last number, over all objects
	last [3]uint64 // of a writer: its last number on this object
	got  [3]*clock.Siblings[string]
	want [3]map[int]bool // of indexes of ops

	oldGot  []*clock.Siblings[string] // states of the past
	oldWant []map[int]bool
}

func TestSiblingsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &siblingsModel{}
		for i := range m.got {
			m.got[i], m.want[i] = &clock.Siblings[string]{}, map[int]bool{}
		}
		m.keep(0)
		t.Repeat(map[string]func(*rapid.T){
			"":         m.check,
			"write":    m.write,
			"discard":  m.discard,
			"deliver":  m.deliver,
			"merge":    m.merge,
			"replay":   m.replay,
			"rollBack": m.rollBack,
			"decode":   m.decode,
			"laws":     m.laws,
		})
		m.converge(t)
	})
}

func (m *siblingsModel) slot(t *rapid.T, label string) int {
	return rapid.IntRange(0, len(m.got)-1).Draw(t, label)
}

// keep remembers the state of slot i.
func (m *siblingsModel) keep(i int) {
	m.oldGot = append(m.oldGot, m.got[i].Clone())
	m.oldWant = append(m.oldWant, maps.Clone(m.want[i]))
}

// covered returns the dots whose fate the operations tell.
func (m *siblingsModel) covered(ops map[int]bool) dotSet {
	out := dotSet{}
	for i := range ops {
		out.merge(m.ops[i].kills)
		if d := m.ops[i].dot; d.IsValid() {
			out.addRange(d.Replica, m.ops[i].claim)
		}
	}
	return out
}

// live returns the dots of the writes among the operations that none kills.
func (m *siblingsModel) live(ops map[int]bool) []clock.Dot {
	var out []clock.Dot
	for i := range ops {
		dead := !m.ops[i].dot.IsValid()
		for j := range ops {
			dead = dead || m.ops[j].kills[m.ops[i].dot]
		}
		if !dead {
			out = append(out, m.ops[i].dot)
		}
	}
	slices.SortFunc(out, func(a, b clock.Dot) int {
		if a.Replica == b.Replica {
			return b.Compare(a)
		}
		return a.Compare(b)
	})
	return out
}

// seen draws what a client of slot i has read: nothing, all that is there, or
// what it was told here or elsewhere, any time ago.
func (m *siblingsModel) seen(t *rapid.T, i int) (*clock.Context, dotSet) {
	switch rapid.SampledFrom([]string{"nil", "empty", "all", "all", "old", "old"}).Draw(t, "seen") {
	case "nil":
		return nil, dotSet{}
	case "empty":
		return &clock.Context{}, dotSet{}
	case "all": // not a copy
		return m.got[i].Context(), m.covered(m.want[i])
	default:
		k := rapid.IntRange(0, len(m.oldGot)-1).Draw(t, "read")
		return m.oldGot[k].Context(), m.covered(m.oldWant[k])
	}
}

func (m *siblingsModel) write(t *rapid.T) {
	i := m.slot(t, "at")
	id := clock.ReplicaID(i + 1)
	seen, kills := m.seen(t, i)
	seq := m.next[i] + rapid.Uint64Range(1, 3).Draw(t, "step") // it writes other objects too
	after := rapid.SampledFrom([]uint64{m.last[i], seq - 1}).Draw(t, "after")
	m.next[i], m.last[i] = seq, seq
	e := clock.Event{Dot: clock.Dot{Replica: id, Seq: seq}, After: after}
	delta := &clock.Siblings[string]{}
	if err := delta.Write(e, seen, e.Dot.String()); err != nil {
		t.Fatalf("Write(%v) to nothing = %v, want no error", e, err)
	}
	m.apply(t, i, siblingsOp{e.Dot, kills, clock.Interval{Lo: after + 1, Hi: seq}, delta}, func(s *clock.Siblings[string]) {
		if err := s.Write(e, seen, e.Dot.String()); err != nil {
			t.Fatalf("Write(%v) = %v, want no error", e, err)
		}
	})
}

func (m *siblingsModel) discard(t *rapid.T) {
	i := m.slot(t, "at")
	seen, kills := m.seen(t, i)
	if seen == nil {
		return
	}
	delta := &clock.Siblings[string]{}
	if delta.Discard(seen) == seen.IsEmpty() {
		t.Fatalf("Discard(%v) of nothing tells the wrong change", seen)
	}
	m.apply(t, i, siblingsOp{kills: kills, delta: delta}, func(s *clock.Siblings[string]) {
		was := s.Clone()
		if got, want := s.Discard(seen), !s.Equal(was); got != want {
			t.Fatalf("Discard(%v) = %v, want %v", seen, got, want)
		}
	})
}

// apply makes an operation at slot i, which must do what merging its delta does.
func (m *siblingsModel) apply(t *rapid.T, i int, op siblingsOp, do func(*clock.Siblings[string])) {
	joined := m.got[i].Clone()
	joined.Merge(op.delta)
	do(m.got[i])
	if !joined.Equal(m.got[i]) {
		t.Fatalf("merging the delta makes %v, want %v", show(joined), show(m.got[i]))
	}
	m.ops = append(m.ops, op)
	m.want[i][len(m.ops)-1] = true
	m.keep(i)
}

// join merges s, which has ops, into slot i.
func (m *siblingsModel) join(t *rapid.T, i int, s *clock.Siblings[string], ops map[int]bool) {
	was, arg := m.got[i].Clone(), show(s)
	changed := m.got[i].Merge(s)
	if s != m.got[i] && show(s) != arg {
		t.Fatalf("Merge changed its argument from %v to %v", arg, show(s))
	}
	if want := !m.got[i].Equal(was); changed != want {
		t.Fatalf("%v.Merge(%v) = %v, want %v", show(was), arg, changed, want)
	}
	maps.Copy(m.want[i], ops)
}

func (m *siblingsModel) deliver(t *rapid.T) {
	if len(m.ops) > 0 {
		k := rapid.IntRange(0, len(m.ops)-1).Draw(t, "op")
		m.join(t, m.slot(t, "to"), m.ops[k].delta, map[int]bool{k: true})
	}
}

func (m *siblingsModel) merge(t *rapid.T) {
	i, j := m.slot(t, "to"), m.slot(t, "from") // i == j merges a state into itself
	m.join(t, i, m.got[j], m.want[j])
	m.keep(i)
}

func (m *siblingsModel) replay(t *rapid.T) {
	k := rapid.IntRange(0, len(m.oldGot)-1).Draw(t, "state")
	m.join(t, m.slot(t, "to"), m.oldGot[k], m.oldWant[k])
}

// rollBack puts a slot back to a state of the past. Its writer's own memory is
// not rolled back: numbers and claims come from elsewhere.
func (m *siblingsModel) rollBack(t *rapid.T) {
	i, k := m.slot(t, "at"), rapid.IntRange(0, len(m.oldGot)-1).Draw(t, "state")
	m.got[i], m.want[i] = m.oldGot[k].Clone(), maps.Clone(m.oldWant[k])
}

func (m *siblingsModel) decode(t *rapid.T) {
	i := m.slot(t, "at")
	b := encodeSiblings(t, m.got[i])
	s, err := decodeSiblings(b)
	if err != nil {
		t.Fatalf("ReadSiblings(%x) = %v, want %v", b, err, show(m.got[i]))
	}
	clear(b) // what aliases its input would now differ
	m.got[i] = s
}

func (m *siblingsModel) laws(t *rapid.T) {
	draw := func() *clock.Siblings[string] {
		if len(m.ops) > 0 && rapid.Bool().Draw(t, "delta") {
			return m.ops[rapid.IntRange(0, len(m.ops)-1).Draw(t, "op")].delta
		}
		return m.oldGot[rapid.IntRange(0, len(m.oldGot)-1).Draw(t, "state")]
	}
	union := func(a, b *clock.Siblings[string]) *clock.Siblings[string] {
		c := a.Clone()
		c.Merge(b)
		return c
	}
	law := func(name string, got, want *clock.Siblings[string]) {
		if !got.Equal(want) || !bytes.Equal(encodeSiblings(t, got), encodeSiblings(t, want)) {
			t.Fatalf("%s: %v, want %v", name, show(got), show(want))
		}
	}
	a, b, c := draw(), draw(), draw()
	law("a ⊔ a = a", union(a, a), a)
	law("a ⊔ b = b ⊔ a", union(a, b), union(b, a))
	law("(a ⊔ b) ⊔ c = a ⊔ (b ⊔ c)", union(union(a, b), c), union(a, union(b, c)))
	if got, want := a.Equal(b), bytes.Equal(encodeSiblings(t, a), encodeSiblings(t, b)); got != want {
		t.Fatalf("%v.Equal(%v) = %v, but bytes equal: %v", show(a), show(b), got, want)
	}
}

func (m *siblingsModel) check(t *rapid.T) {
	for i, s := range m.got {
		if err := clock.CheckSiblings(s); err != nil {
			t.Fatalf("replica %d: %v", i, err)
		}
		m.checkState(t, s, m.want[i])
	}
}

func (m *siblingsModel) checkState(t *rapid.T, s *clock.Siblings[string], ops map[int]bool) {
	live, all := m.live(ops), m.covered(ops)
	var dots []clock.Dot
	for d, v := range s.All() {
		if dots = append(dots, d); v != d.String() {
			t.Fatalf("%v yields %v for %v", show(s), v, d)
		}
	}
	if !slices.Equal(dots, live) || s.Len() != len(live) {
		t.Fatalf("%v has %d values, want %v", show(s), s.Len(), live)
	}
	var values []string
	for _, d := range live {
		values = append(values, d.String())
	}
	if got := slices.Collect(s.Values()); !slices.Equal(got, values) {
		t.Fatalf("%v.Values() = %v, want %v", show(s), got, values)
	}
	seen := dotSet{}
	for id, in := range s.Context().Intervals() {
		seen.addRange(id, in)
	}
	if !maps.Equal(seen, all) || s.IsBottom() != (len(all) == 0) {
		t.Fatalf("%v covers %v, want %v", show(s), seen, all)
	}
}

// converge merges all that was ever sent, in two orders.
func (m *siblingsModel) converge(t *rapid.T) {
	all := map[int]bool{}
	one, other := &clock.Siblings[string]{}, &clock.Siblings[string]{}
	for i := range m.ops {
		all[i] = true
		one.Merge(m.ops[i].delta)
		other.Merge(m.ops[len(m.ops)-1-i].delta)
	}
	m.checkState(t, one, all)
	if !bytes.Equal(encodeSiblings(t, one), encodeSiblings(t, other)) {
		t.Fatalf("in order %v, in reverse %v", show(one), show(other))
	}
}

// TestSiblingsWriteRefuses checks that an event which its replica cannot issue
// next is refused whoever knows better, and changes nothing.
func TestSiblingsWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		seen  *clock.Context
		event clock.Event
	}{
		{"zero", nil, clock.Event{}},
		{"zero replica", nil, clock.Event{Dot: clock.Dot{Seq: 9}}},
		{"claims itself", nil, event(1, 9, 9)},
		{"used here", nil, event(1, 5, 4)},
		{"before one here", nil, event(1, 4, 3)},
		{"claim over one here", nil, event(1, 9, 4)},
		{"used elsewhere", ctx("1:7-9"), event(1, 9, 8)},
		{"claim over one elsewhere", ctx("1:7"), event(1, 9, 6)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := siblings("1:1-5 2:2", "1.3", "2.2")
			want := show(s)
			if err := s.Write(tt.event, tt.seen, "new"); !errors.Is(err, clock.ErrEvent) {
				t.Errorf("Write(%+v) = %v, want ErrEvent", tt.event, err)
			}
			if got := show(s); got != want {
				t.Errorf("Write(%+v) left %v, want %v", tt.event, got, want)
			}
		})
	}
	for _, e := range []clock.Event{event(1, 6, 5), event(1, 9, 8), event(2, 3, 2), event(3, 1, 0)} {
		if err := siblings("1:1-5 2:2", "1.3", "2.2").Write(e, ctx("1:4"), "new"); err != nil {
			t.Errorf("Write(%+v) = %v, want no error", e, err)
		}
	}
}
