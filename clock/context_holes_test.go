package clock_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// holesModel is one context of one replica with up to hundreds of runs, beside a
// set of dots: contextModel has more of everything but runs. The steps open and
// close holes at either end and in the middle, so runs move both ways, join left,
// right and both, swallow many others, and give memory back.
type holesModel struct {
	got  *clock.Context
	want dotSet
	was  *clock.Context // an earlier copy, which nothing may change
	text string
}

const holesEnd = 400

func TestContextHolesModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &holesModel{got: &clock.Context{}, want: dotSet{}}
		if rapid.Bool().Draw(t, "prefix") {
			m.got.AddRange(1, clock.Interval{Lo: 1, Hi: 9})
			m.want.addRange(1, clock.Interval{Lo: 1, Hi: 9})
		}
		m.snapshot(t)
		t.Repeat(map[string]func(*rapid.T){
			"":          m.check,
			"dot":       m.dot,
			"upwards":   m.upwards,
			"downwards": m.downwards,
			"range":     m.addRange,
			"merge":     m.merge,
			"fill":      m.fill,
			"snapshot":  m.snapshot,
		})
	})
}

func holesWindow(t *rapid.T) clock.Interval {
	lo := rapid.Uint64Range(1, holesEnd).Draw(t, "lo")
	return clock.Interval{Lo: lo, Hi: lo + rapid.SampledFrom([]uint64{0, 1, 2, 9, 60, holesEnd}).Draw(t, "width")}
}

func (m *holesModel) add(t *rapid.T, in clock.Interval) {
	was, want := m.got.String(), m.want.addRange(1, in)
	if got := m.got.AddRange(1, in); got != want {
		t.Fatalf("%v.AddRange(%v) = %v, want %v", was, in, got, want)
	}
}

func (m *holesModel) dot(t *rapid.T) {
	seq := rapid.Uint64Range(1, holesEnd).Draw(t, "seq")
	m.add(t, clock.Interval{Lo: seq, Hi: seq})
}

func (m *holesModel) upwards(t *rapid.T) {
	in := holesWindow(t)
	for seq := in.Lo; seq <= in.Hi; seq += 2 {
		m.add(t, clock.Interval{Lo: seq, Hi: seq})
	}
}

func (m *holesModel) downwards(t *rapid.T) {
	in := holesWindow(t)
	for seq := in.Hi; seq >= in.Lo && seq <= in.Hi; seq -= 3 {
		m.add(t, clock.Interval{Lo: seq, Hi: seq})
	}
}

func (m *holesModel) addRange(t *rapid.T) { m.add(t, holesWindow(t)) }

// merge merges a set with every n-th dot of a window, and perhaps a replica more.
func (m *holesModel) merge(t *rapid.T) {
	in, step := holesWindow(t), rapid.Uint64Range(2, 7).Draw(t, "step")
	o, dots := &clock.Context{}, dotSet{}
	for seq := in.Lo; seq <= in.Hi; seq += step {
		hi := seq + step/4
		o.AddRange(1, clock.Interval{Lo: seq, Hi: hi})
		dots.addRange(1, clock.Interval{Lo: seq, Hi: hi})
	}
	m.join(t, o, dots)
}

// fill merges what the set lacks in a window.
func (m *holesModel) fill(t *rapid.T) {
	all := &clock.Context{}
	all.AddRange(1, holesWindow(t))
	o, dots := all.Minus(m.got), dotSet{}
	for id, in := range o.Intervals() {
		dots.addRange(id, in)
	}
	m.join(t, o, dots)
	if !m.got.Covers(all) {
		t.Fatalf("%v.Covers(%v) = false after a merge of what it lacked", m.got, all)
	}
}

func (m *holesModel) join(t *rapid.T, o *clock.Context, dots dotSet) {
	was, arg := m.got.String(), o.String()
	want := m.want.merge(dots)
	if got := m.got.Merge(o); got != want || o.String() != arg {
		t.Fatalf("%v.Merge(%v) = %v and leaves %v, want %v", was, arg, got, o, want)
	}
}

func (m *holesModel) snapshot(t *rapid.T) {
	if m.was != nil && m.was.String() != m.text {
		t.Fatalf("copy is %v, was %v", m.was, m.text)
	}
	m.was, m.text = m.got.Clone(), m.got.String()
}

func (m *holesModel) check(t *rapid.T) {
	if err := clock.CheckContext(m.got); err != nil {
		t.Fatalf("%v: %v", m.got, err)
	}
	runs := m.want.runs()[1]
	if got := m.got.RunsOf(1); !slices.Equal(got, runs) {
		t.Fatalf("runs %v, want %v", got, runs)
	}
	if got, most := clock.ContextRoom(m.got), 4*len(runs)+32; got > most {
		t.Fatalf("room for %d runs for %d, want at most %d", got, len(runs), most)
	}
	seen := dotSet{}
	for id, in := range m.was.Intervals() {
		seen.addRange(id, in)
	}
	if !m.got.Covers(m.was) || m.was.Covers(m.got) != maps.Equal(seen, m.want) {
		t.Fatalf("%v and its earlier state %v do not cover each other as they should", m.got, m.was)
	}
}

// TestContextCovers covers sets with holes by sets with holes, all pairs of a
// few: what gallops must not step over the run that decides.
func TestContextCovers(t *testing.T) {
	t.Parallel()
	var sets []*clock.Context
	var dots []dotSet
	for start := range uint64(3) {
		for _, step := range []uint64{1, 2, 3, 4, 6, 12} {
			for _, end := range []uint64{0, 5, 13, 40} {
				c, s := &clock.Context{}, dotSet{}
				for seq := 1 + start; seq <= end; seq += step {
					in := clock.Interval{Lo: seq, Hi: seq + step/3}
					c.AddRange(1, in)
					s.addRange(1, in)
				}
				sets, dots = append(sets, c), append(dots, s)
			}
		}
	}
	for i, c := range sets {
		for j, o := range sets {
			if got, want := c.Covers(o), dots[i].covers(dots[j]); got != want {
				t.Errorf("%v.Covers(%v) = %v, want %v", c, o, got, want)
			}
			left := dotSet{}
			for id, in := range c.Minus(o).Intervals() {
				left.addRange(id, in)
			}
			if want := dots[i].minus(dots[j]); !maps.Equal(left, want) {
				t.Errorf("%v.Minus(%v) = %v, want %v", c, o, c.Minus(o), want)
			}
		}
	}
}

// TestContextManyRows merges few replicas into many, which finds rows by
// bisection: at both ends, in between, known and new.
func TestContextManyRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{15, 16, 17, 18, 19, 40, 99}).Draw(t, "replicas")
		c, want := &clock.Context{}, dotSet{}
		v, most := &clock.Vector{}, map[clock.ReplicaID]uint64{}
		for i := range n {
			d := clock.Dot{Replica: clock.ReplicaID(2*i + 2), Seq: 1}
			c.Add(d)
			want[d] = true
			v.Advance(d)
			most[d.Replica] = 1
		}
		for range 4 {
			o, dots, w := &clock.Context{}, dotSet{}, &clock.Vector{}
			grows := false
			for range rapid.IntRange(0, 6).Draw(t, "dots") {
				d := clock.Dot{
					Replica: clock.ReplicaID(rapid.IntRange(1, 2*n+2).Draw(t, "replica")),
					Seq:     rapid.Uint64Range(1, 4).Draw(t, "seq"),
				}
				o.Add(d)
				dots[d] = true
				w.Advance(d)
			}
			for id, seq := range w.All() {
				grows = grows || seq > most[id]
				most[id] = max(most[id], seq)
			}
			if got, changes := c.Merge(o), want.merge(dots); got != changes {
				t.Fatalf("Merge(%v) = %v, want %v", o, got, changes)
			}
			if got := v.Merge(w); got != grows {
				t.Fatalf("Merge(%v) = %v, want %v", w, got, grows)
			}
		}
		got := map[clock.ReplicaID][]clock.Interval{}
		for id := range c.Replicas() {
			got[id] = c.RunsOf(id)
		}
		if runs := want.runs(); !maps.EqualFunc(got, runs, slices.Equal) {
			t.Fatalf("runs %v, want %v", got, runs)
		}
		if all := maps.Collect(v.All()); !maps.Equal(all, most) || clock.CheckVector(v) != nil || clock.CheckContext(c) != nil {
			t.Fatalf("vector %v, want %v; context %v", v, most, c)
		}
	})
}
