package kernel_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// machine is three replicas of one object, each beside its textbook form.
type machine struct {
	t      *rapid.T
	sites  [3]*site
	twins  [3]*textbook.Object
	deltas []*kernel.State
}

// TestMachine drives every operation of a state in random histories, over enough
// entries that lanes split, and checks invariants and textbook after each.
func TestMachine(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{t: rt}
		for i := range m.sites {
			m.sites[i] = newSite(t, clock.ReplicaID(i+1))
			m.twins[i] = textbook.From(m.sites[i].s)
		}
		bulk := rapid.Bool().Draw(rt, "bulk")
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			i := rapid.IntRange(0, 2).Draw(rt, "site")
			switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
			case what <= 3 || len(m.deltas) == 0:
				m.transaction(i, bulk)
			case what <= 6:
				m.merge(i, rapid.SampledFrom(m.deltas).Draw(rt, "delta"))
			case what == 7:
				m.merge(i, m.sites[rapid.IntRange(0, 2).Draw(rt, "from")].s)
			case what == 8:
				m.copies(i)
			default:
				m.codec(i)
			}
			for _, w := range m.sites {
				m.valid(w.s)
				for form, n := range kernel.Shape(w.s) {
					seen[form] = max(seen[form], n)
				}
			}
			if got := textbook.From(m.sites[i].s); !got.Equal(m.twins[i]) {
				rt.Fatalf("state differs from the textbook join\n got %v\nwant %v", got, m.twins[i])
			}
		}
	})
	for _, form := range []string{
		"dense", "packed", "mixed", "mixed in disorder", "mixed of several infos",
		"dense with dead slots", "packed with dead slots", "shared slot", "indexed",
	} {
		if seen[form] == 0 && !testing.Short() { // which runs few histories
			t.Errorf("no state had pages that are %s: the histories are too small", form)
		}
	}
	t.Log(seen)
}

func (m *machine) valid(s *kernel.State) {
	if err := kernel.Check(s); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) path(label string) []string {
	return rapid.SampledFrom([][]string{{}, {"m"}, {"m", "a"}, {"m", "b"}, {"m", "b", "x"}, {"c"}, {"c", "x"}, {"bulk"}}).Draw(m.t, label)
}

// transaction makes one to five changes and commits them, or rolls them back.
func (m *machine) transaction(i int, bulk bool) {
	w := m.sites[i]
	before, was := w.s.Clone(), encode(w.s)
	if rapid.IntRange(0, 9).Draw(m.t, "doubts") == 0 {
		w.doubt = w.seq
	}
	tx := w.s.Begin(w.id, w.doubt)
	for range rapid.IntRange(1, 5).Draw(m.t, "changes") {
		m.change(tx, w.s, bulk)
		m.valid(w.s)
	}
	n := tx.Events()
	if n == 0 || rapid.IntRange(0, 4).Draw(m.t, "fails") == 0 {
		tx.Rollback()
		if !same(before, w.s) || !bytes.Equal(encode(w.s), was) {
			m.t.Fatalf("Rollback left\n%v, want\n%v", textbook.From(w.s), m.twins[i])
		}
		return
	}
	gap := rapid.Uint64Range(0, 3).Draw(m.t, "gap")
	claim := rapid.Uint64Range(w.seq, w.seq+gap).Draw(m.t, "claim")
	d, err := tx.Commit(w.seq+gap+1, claim)
	if err != nil {
		m.t.Fatalf("Commit: %v", err)
	}
	w.seq += gap + uint64(n)
	m.valid(d)
	m.deltas = append(m.deltas, d)
	if before.Merge(d); !same(before, w.s) {
		m.t.Fatalf("state before, merged with the delta, is not the state after")
	}
	m.twins[i] = textbook.Join(m.twins[i], textbook.From(d))
}

func (m *machine) change(tx *kernel.Tx, s *kernel.State, bulk bool) {
	switch op := rapid.IntRange(0, 9).Draw(m.t, "op"); {
	case op <= 2:
		if rapid.IntRange(0, 3).Draw(m.t, "deny") == 0 {
			tx.Deny(append(m.path("deny"), "v"))
			return
		}
		tx.Put(append(m.path("put"), "v"), []byte(rapid.SampledFrom([]string{"", "1", "2"}).Draw(m.t, "value")))
	case op <= 5:
		tx.Inc(append(m.path("inc"), "n"), rapid.Uint64().Draw(m.t, "n"))
	case op <= 7:
		p := m.path("kill")
		there := s.At(p).Has()
		if tx.Kill(p); there == s.At(p).Has() && there {
			m.t.Fatalf("Kill(%q) left something that shows", p)
		}
	case bulk:
		from := rapid.IntRange(0, kernel.PageSize).Draw(m.t, "from")
		for k := range rapid.IntRange(1, 2*kernel.PageSize).Draw(m.t, "many") {
			tx.Put(at("bulk", bulkKey((from+7*k)%(3*kernel.PageSize))), nil)
		}
	default:
		stride := rapid.IntRange(1, 50).Draw(m.t, "stride")
		for k := range rapid.SampledFrom([]int{20, 500}).Draw(m.t, "few") {
			tx.Kill(at("bulk", bulkKey(k*stride%(3*kernel.PageSize))))
		}
	}
}

func (m *machine) merge(i int, d *kernel.State) {
	s := m.sites[i].s
	was, arg := s.Clone(), encode(d)
	twin := textbook.Join(m.twins[i], textbook.From(d))
	if changed := s.Merge(d); changed == same(was, s) {
		m.t.Fatalf("Merge reported changed=%t, want %t", changed, !changed)
	}
	if d != s && !bytes.Equal(encode(d), arg) {
		m.t.Fatalf("Merge changed its argument")
	}
	m.twins[i] = twin
}

// copies checks Clone and Sub, and that changing a copy leaves the original.
func (m *machine) copies(i int) {
	w := m.sites[i]
	was := encode(w.s)
	c := w.s.Clone()
	if m.valid(c); !same(c, w.s) {
		m.t.Fatalf("a clone differs")
	}
	path := m.path("sub")
	sub := w.s.Sub(path)
	m.valid(sub)
	var got, want []string
	for f := range sub.Entries() {
		got = append(got, fmt.Sprint(f.Dot, f.Path, string(f.Value.Put)))
	}
	for f := range w.s.Entries() {
		if len(f.Path) >= len(path) && slices.Equal(f.Path[:len(path)], path) {
			want = append(want, fmt.Sprint(f.Dot, f.Path[len(path):], string(f.Value.Put)))
		}
	}
	if !slices.Equal(got, want) || !sub.At(nil).EqualContent(w.s.At(path)) || sub.At(nil).Sum() != w.s.At(path).Sum() {
		m.t.Fatalf("Sub(%q) holds\n%s, want\n%s", path, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, s := range []*kernel.State{c, sub} {
		tx := s.Begin(9, 0)
		tx.Inc(at("c", "n"), 1)
		tx.Kill(nil)
		tx.Put(at("x"), nil)
		if _, err := tx.Commit(1, 0); err != nil {
			m.t.Fatal(err)
		}
		m.valid(s)
	}
	if !bytes.Equal(encode(w.s), was) {
		m.t.Fatalf("changing a copy changed the original")
	}
}

func (m *machine) codec(i int) {
	w := m.sites[i]
	back, err := decode(encode(w.s))
	if err != nil {
		m.t.Fatalf("Read of an encoded state: %v", err)
	}
	if m.valid(back); !same(back, w.s) {
		m.t.Fatalf("decoded state differs from the encoded one")
	}
	w.s = back
}

// bulkKey returns the segment of a number: short, of eight bytes, or long.
func bulkKey(k int) string { return fmt.Sprintf([]string{"e%d", "e%08d", "e%016d"}[k%3], k) }
