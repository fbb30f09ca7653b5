package crdt_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// known merges two deltas of a kind that is not told, and compares with the typed merge.
func known[S crdt.Lattice[S]](k crdt.Kind[S], change func(*crdt.Tx, S, int)) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		typed := k.New()
		var frames [][]byte
		for i := range 3 {
			s := k.New()
			d := do(t, s, writer(clock.ReplicaID(i+1)), func(tx *crdt.Tx, s S) { change(tx, s, i) })
			frames = append(frames, frame(t, k, d))
			typed.Merge(d)
		}
		want := frame(t, k, typed)
		o, err := untyped.DecodeObject(frames[0])
		if err != nil {
			t.Fatalf("DecodeObject of %s, which was not told: %v", k.Name, err)
		}
		told, err := untyped.DecodeObject(frames[1], k)
		if err != nil {
			t.Fatal(err)
		}
		was := o.Clone()
		for _, d := range []*untyped.Object{told, object(t, frames[2]), told} { // told and untold mix
			if _, err := o.Merge(d); err != nil {
				t.Fatal(err)
			}
		}
		if got := bytesOf(t, o); !bytes.Equal(got, want) {
			t.Errorf("merged without the kind\n%x, with it\n%x", got, want)
		}
		if _, err := told.Merge(o); err != nil || !bytes.Equal(bytesOf(t, told), want) {
			t.Errorf("told merged with untold: %v\n%x, want\n%x", err, bytesOf(t, told), want)
		}
		if news, err := was.Strip(told); err != nil || news == nil {
			t.Errorf("Strip of told from untold = %v, %v", news, err)
		} else if _, err := was.Merge(news); err != nil || !bytes.Equal(bytesOf(t, was), want) {
			t.Errorf("what Strip leaves makes\n%x, want\n%x (%v)", bytesOf(t, was), want, err)
		}
		if ok, err := o.Contains(told); !ok || err != nil {
			t.Errorf("Contains = %t, %v", ok, err)
		}
		if back, err := untyped.ValueOf(k, o); err != nil || !back.Equal(typed) {
			t.Errorf("ValueOf of what was merged untold = %v, %v", back, err)
		}
	}
}

func TestKindsAreKnown(t *testing.T) {
	words := []string{"a", "bb", ""}
	own := crdt.String
	own.Name = "acme/word, <v1>"
	own.Check = func([]byte) error { return nil }
	t.Run("GSet", known(crdt.GSetKind(own), func(tx *crdt.Tx, s *crdt.GSet[string], i int) { s.Add(tx, words[i]); s.Add(tx, "x") }))
	t.Run("MaxRegister", known(crdt.MaxRegisterKind(own), func(tx *crdt.Tx, r *crdt.MaxRegister[string], i int) { r.Set(tx, words[i]) }))
	t.Run("MinRegister", known(crdt.MinRegisterKind(crdt.Int64), func(tx *crdt.Tx, r *crdt.MinRegister[int64], i int) { r.Set(tx, int64(-i)) }))
	grant := func(tx *crdt.Tx, c *crdt.BoundedCounter, i int) { _ = c.Grant(tx, uint64(i+1)) }
	t.Run("BoundedCounter", known(crdt.BoundedCounterKind(0, math.MaxInt64), grant))
	t.Run("BoundedCounter above", known(crdt.BoundedCounterKind(-5, math.MaxInt64), grant))
	t.Run("BoundedCounter between", known(crdt.BoundedCounterKind(-5, 5), func(tx *crdt.Tx, c *crdt.BoundedCounter, i int) { _ = c.Start(tx, int64(i)) }))
	t.Run("GCounter", known(crdt.GCounterKind(), func(tx *crdt.Tx, c *crdt.GCounter, i int) { c.Add(tx, uint64(i+1)) }))
	t.Run("PNCounter", known(crdt.PNCounterKind(), func(tx *crdt.Tx, c *crdt.PNCounter, i int) { c.Add(tx, int64(i-1)); c.Add(tx, 7) }))
	counts := crdt.GMapKind(crdt.Uint64, crdt.GCounterKind())
	t.Run("GMap", known(counts, func(tx *crdt.Tx, m *crdt.GMap[uint64, *crdt.GCounter], i int) {
		_ = m.Apply(tx, uint64(i%2), func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, uint64(i+1)); return nil })
	}))
	t.Run("GMap of GMap", known(crdt.GMapKind(crdt.String, counts), func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.GMap[uint64, *crdt.GCounter]], i int) {
		_ = m.Apply(tx, "x", func(tx *crdt.Tx, m *crdt.GMap[uint64, *crdt.GCounter]) error {
			return m.Apply(tx, uint64(i%2), func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 2); return nil })
		})
	}))
	t.Run("GMap of GSet", known(crdt.GMapKind(crdt.String, crdt.GSetKind(own)), func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.GSet[string]], i int) {
		_ = m.Apply(tx, "x", func(tx *crdt.Tx, s *crdt.GSet[string]) error { s.Add(tx, words[i]); return nil })
	}))
}

// What a name does not say is not guessed.
func TestKindsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"gset", "gset<", "gset>", "max<>", "min", "gmap<>", "gmap<a>", "gmap<a,>", "gmap<a,own>", "gmap<a,counter>", "gmap<a<b,gcounter>", "gmap<,gcounter>",
		"gmap<a,b,gcounter>", "gmap<a,gset<b>", "boundedcounter<0>", "boundedcounter<+1>", "boundedcounter<01>", "boundedcounter<5,5>", "boundedcounter<1,2,3>",
		"boundedcounter<>", "own", strings.Repeat("gmap<a,", 100) + "gcounter" + strings.Repeat(">", 100),
	} {
		f := pack{kind: name, version: 1, body: []byte{0}}.frame()
		if o, err := untyped.DecodeObject(f); err == nil && strings.Contains(name, "gmap<a,gmap<") {
			if got := bytesOf(t, o); !bytes.Equal(got, f) {
				t.Errorf("%s is written as %x", name, got)
			}
		} else if !errors.Is(err, crdt.ErrKind) {
			t.Errorf("%s: DecodeObject = %v, want ErrKind", name, err)
		}
	}
	body := []byte{1, 1, 'x'}
	if _, err := untyped.DecodeObject(pack{kind: "gset<a>", version: 2, body: body}.frame()); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("DecodeObject of a newer GSet = %v, want ErrVersion", err)
	}
	if _, err := untyped.DecodeObject(pack{kind: "gset<a>", version: 1, body: body[:2]}.frame()); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("DecodeObject of half a GSet = %v, want ErrCorrupt", err)
	}
}
