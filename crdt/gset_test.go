package crdt_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// gset is a lattice of a user's own: a set that only grows.
type gset struct{ has map[string]bool }

func (s *gset) Add(tx *crdt.Tx, e string) {
	if e == "" {
		tx.Fail(fmt.Errorf("gset: empty element"))
		return
	}
	crdt.Record(tx, s, &gset{map[string]bool{e: true}})
}

func (s *gset) Merge(delta *gset) (changed bool) {
	n := len(s.has)
	maps.Copy(s.has, delta.has)
	return len(s.has) > n
}

func (s *gset) Equal(o *gset) bool { return maps.Equal(s.has, o.has) }
func (s *gset) Clone() *gset       { return &gset{maps.Clone(s.has)} }
func (s *gset) IsBottom() bool     { return len(s.has) == 0 }

var gsetKind = crdt.Kind[*gset]{
	Name: "acme/gset", Version: 1,
	New: func() *gset { return &gset{map[string]bool{}} },
	Append: func(b []byte, s *gset) ([]byte, error) {
		b = wire.AppendUvarint(b, uint64(len(s.has)))
		for _, e := range slices.Sorted(maps.Keys(s.has)) {
			b = wire.AppendBytes(b, e)
		}
		return b, nil
	},
	Decode: func(b []byte) (*gset, error) {
		s, last := &gset{map[string]bool{}}, ""
		r := wire.NewReader(b)
		for range r.Count(2) {
			e := string(r.Bytes())
			if r.Err() == nil && e <= last {
				r.Failf("element %q behind %q", e, last)
			}
			s.has[e], last = true, e
		}
		return s, r.Done()
	},
}

func TestLawsOfOwnLattice(t *testing.T) {
	t.Parallel()
	crdttest.Laws(t, gsetKind, func(t *rapid.T, tx *crdt.Tx, s *gset) { s.Add(tx, item(t)) })
}

func TestOwnLatticeAsObject(t *testing.T) {
	t.Parallel()
	a, b := gsetKind.New(), gsetKind.New()
	do(t, a, writer(1), func(tx *crdt.Tx, s *gset) { s.Add(tx, "x"); s.Add(tx, "y") })
	do(t, b, writer(2), func(tx *crdt.Tx, s *gset) { s.Add(tx, "z") })
	if _, err := untyped.DecodeObject(frame(t, gsetKind, a)); err == nil {
		t.Error("DecodeObject read a kind that it does not know")
	}
	o, p := object(t, frame(t, gsetKind, a), gsetKind), object(t, frame(t, gsetKind, b), gsetKind)
	clone := o.Clone()
	if changed, err := o.Merge(p); !changed || err != nil {
		t.Errorf("Merge = %t, %v", changed, err)
	}
	if changed, err := o.Merge(p); changed || err != nil {
		t.Errorf("the same Merge again = %t, %v", changed, err)
	}
	a.Merge(b)
	if got := bytesOf(t, o); string(got) != string(frame(t, gsetKind, a)) {
		t.Errorf("erased merge is\n%x, typed\n%x", got, frame(t, gsetKind, a))
	}
	if string(bytesOf(t, clone)) == string(bytesOf(t, o)) {
		t.Error("a clone followed the original")
	}
	if _, err := crdt.Mutate(a, writer(3), func(tx *crdt.Tx, s *gset) error { s.Add(tx, "w"); s.Add(tx, ""); return nil }); err == nil || a.has["w"] {
		t.Errorf("Mutate with a mutator that fails = %v", err)
	}
	if d, err := crdt.Mutate(a, writer(3), func(tx *crdt.Tx, s *gset) error { s.Add(tx, "x"); return nil }); err != nil || d != nil {
		t.Errorf("Mutate that changes nothing = %v, %v", d, err)
	}
}

// object decodes a frame that must be good.
func object(t testing.TB, f []byte, kinds ...crdt.AnyKind) *untyped.Object {
	t.Helper()
	o, err := untyped.DecodeObject(f, kinds...)
	if err != nil {
		t.Fatalf("DecodeObject: %v", err)
	}
	return o
}

func bytesOf(t testing.TB, o *untyped.Object) []byte {
	t.Helper()
	b, err := o.AppendFrame(nil)
	if err != nil {
		t.Fatalf("AppendFrame: %v", err)
	}
	return b
}
