package layout_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

func wall() time.Time { return time.UnixMilli(1_700_000_000_000) }

// actor changes an account that it keeps.
type actor struct {
	t   testing.TB
	src crdt.Source
	doc *crdt.Doc
}

func newActor(t testing.TB, id clock.ReplicaID) *actor {
	t.Helper()
	return &actor{t, crdt.NewWriter(id, wall).On(), accountKind.New()}
}

// do runs a transaction and returns its delta.
func (a *actor) do(fn func(tx *crdt.Tx, d *crdt.Doc)) *crdt.Doc {
	a.t.Helper()
	d, err := crdt.Mutate(a.doc, a.src, func(tx *crdt.Tx, d *crdt.Doc) error { fn(tx, d); return nil })
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

func (a *actor) add(tag string) *crdt.Doc {
	a.t.Helper()
	return a.do(func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Add(tx, tag) })
}

func (a *actor) remove(tag string) *crdt.Doc {
	a.t.Helper()
	return a.do(func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Remove(tx, tag) })
}

func stateOf(t testing.TB, frames ...[]byte) *layout.State {
	t.Helper()
	s := layout.NewState(nil)
	for _, f := range frames {
		if _, err := s.MergeFrame(f); err != nil && !layout.IsUnknown(err) {
			t.Fatal(err)
		}
	}
	return s
}

func framesOf(t testing.TB, s *layout.State) [][]byte {
	t.Helper()
	fs, err := s.Frames()
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	k := layout.KeyOf([]byte("abc"))
	if got, want := hex.EncodeToString(k[:]), "ba7816bf8f01cfea414140de5dae2223"; got != want {
		t.Errorf("KeyOf(abc) = %s, want the first half of its SHA-256, %s", got, want)
	}
	if e := layout.NewEntry([]byte("abc")); e.Key != k || string(e.Frame) != "abc" {
		t.Errorf("NewEntry(abc) = %x %q", e.Key, e.Frame)
	}
}

// The hash takes in where frames end.
func TestHashTellsFramesApart(t *testing.T) {
	t.Parallel()
	seen := map[int64][][]byte{}
	for _, fs := range [][][]byte{
		nil, frames(""), frames("", ""), frames("ab"), frames("a", "b"), frames("b", "a"), frames("abc"),
	} {
		h := layout.Hash(fs)
		if other, ok := seen[h]; ok {
			t.Errorf("Hash(%q) = Hash(%q)", fs, other)
		}
		seen[h] = fs
	}
}

// drawFrames draws the frames of deltas of some histories, of three kinds, and of
// kinds that are not known here.
func drawFrames(t *rapid.T) [][]byte {
	fs := [][]byte{unknownFrame("new"), unknownFrame("newer")}[:rapid.IntRange(0, 2).Draw(t, "unknown")]
	var actors [3]*actor
	for i := range actors {
		actors[i] = &actor{src: crdt.NewWriter(clock.ReplicaID(i+1), wall).On(), doc: accountKind.New()}
	}
	var deltas []*crdt.Doc
	for range rapid.IntRange(1, 12).Draw(t, "changes") {
		a := actors[rapid.IntRange(0, 2).Draw(t, "actor")]
		if len(deltas) > 0 && rapid.Bool().Draw(t, "sees one") {
			a.doc.Merge(rapid.SampledFrom(deltas).Draw(t, "delta"))
		}
		op := drawOperation(rapidDice{t}, []string{"tags", "balance", "memo"})
		d, err := crdt.Mutate(a.doc, a.src, op.do)
		if err != nil {
			t.Fatal(err)
		}
		if !d.IsBottom() {
			deltas, fs = append(deltas, d), append(fs, frameOf(d))
		}
	}
	add := func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 3); return nil }
	d, err := crdt.Mutate(crdt.GCounterKind().New(), crdt.NewWriter(9, wall), add)
	if err != nil {
		t.Fatal(err)
	}
	f, err := crdt.AppendFrame(nil, crdt.GCounterKind(), d)
	if err != nil {
		t.Fatal(err)
	}
	return append(fs, f)
}

// States that the same frames were merged into have the same frames and the same
// hash, whatever the order and the grouping.
func TestHashInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := drawFrames(rt)
		want := framesOf(t, stateOf(t, all...))
		other := rapid.Permutation(all).Draw(rt, "order")
		cut := rapid.IntRange(0, len(other)).Draw(rt, "cut")
		s := stateOf(t, other[:cut]...)
		if _, err := s.MergeState(stateOf(t, other[cut:]...)); err != nil {
			rt.Fatal(err)
		}
		if got := framesOf(t, s); !slices.EqualFunc(got, want, bytes.Equal) || layout.Hash(got) != layout.Hash(want) {
			rt.Fatalf("frames %x, in another order %x", want, got)
		}
	})
}

// Contains says what the slow twin says: clone, merge, compare the frames.
func TestContainsAgainstTwin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := drawFrames(rt)
		some := func(label string) *layout.State {
			n := rapid.IntRange(0, len(all)).Draw(rt, label)
			return stateOf(t, rapid.Permutation(all).Draw(rt, label+" in order")[:n]...)
		}
		s, u := some("state"), some("other")
		was := framesOf(t, s)
		for _, f := range all {
			o, err := s.Decode(f)
			if layout.IsUnknown(err) {
				continue
			}
			twin := s.Clone()
			if _, err := twin.Merge(o); err != nil {
				rt.Fatal(err)
			}
			same := slices.EqualFunc(framesOf(t, twin), was, bytes.Equal)
			o, _ = s.Decode(f) // the twin may have kept the first
			if got := s.Contains(o); got != same {
				rt.Fatalf("Contains = %t; merged, it is the same: %t\nstate %x\nframe %x", got, same, was, f)
			}
		}
		twin := s.Clone()
		changed, err := twin.MergeState(u)
		if err != nil {
			rt.Fatal(err)
		}
		same := slices.EqualFunc(framesOf(t, twin), was, bytes.Equal)
		theirs := framesOf(t, u)
		for _, f := range all {
			_, _ = twin.MergeFrame(f) // that unknown ones are unknown is no news
		}
		if !slices.EqualFunc(framesOf(t, u), theirs, bytes.Equal) {
			rt.Fatal("what is merged into a state changes one that was merged into it before")
		}
		if got := s.ContainsState(u); got != same || changed == same {
			rt.Fatalf("ContainsState = %t, MergeState = %t; merged, it is the same: %t", got, changed, same)
		}
		if !slices.EqualFunc(framesOf(t, s), was, bytes.Equal) {
			rt.Fatal("the state changed by being asked, or by what its clone merged")
		}
	})
}
