package crdt_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Merging as objects, without the kind, equals the typed merge byte for byte.
func TestErasedMergeEqualsTyped(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, e := a.kind.New(), a.kind.New()
	wd, we := writer(1), writer(2)
	var deltas [][]byte
	step := func(d *crdt.Doc, w crdt.Source, fn func(*crdt.Tx, *crdt.Doc)) {
		deltas = append(deltas, frame(t, a.kind, do(t, d, w, fn)))
	}
	step(d, wd, func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Add(tx, 5); a.funds.In(d).At("k").At("l").Add(tx, 2) })
	step(d, wd, func(tx *crdt.Tx, d *crdt.Doc) { a.owner.In(d).Set(tx, "d"); a.tags.In(d).Add(tx, "x") })
	e.Merge(d)
	step(e, we, func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx) })
	step(d, wd, func(tx *crdt.Tx, d *crdt.Doc) { a.funds.In(d).At("k").At("l").Add(tx, 7); a.memo.In(d).Set(tx, "m") })
	step(e, we, func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Add(tx, -1) })
	d.Merge(e)
	want := frame(t, a.kind, d)
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 3, 1, 2, 0}} {
		o := object(t, deltas[order[0]])
		for _, i := range order[1:] {
			if _, err := o.Merge(object(t, deltas[i])); err != nil {
				t.Fatal(err)
			}
		}
		was := o.Clone()
		if changed, err := o.Merge(was); changed || err != nil {
			t.Errorf("merging a clone = %t, %v", changed, err)
		}
		if changed, err := o.Merge(o); changed || err != nil {
			t.Errorf("merging itself = %t, %v", changed, err)
		}
		if got := bytesOf(t, o); !bytes.Equal(got, want) {
			t.Errorf("deltas in order %v come out as\n%x, typed as\n%x", order, got, want)
		}
		if o.Kind() != "doc" {
			t.Errorf("Kind() = %q, want doc", o.Kind())
		}
	}
}

// A kind that no binary has is merged and kept with its version.
func TestErasedUnknownKind(t *testing.T) {
	t.Parallel()
	p, _, err := unpack(frame(t, crdt.CounterKind(), crdt.CounterKind().New()))
	if err != nil {
		t.Fatal(err)
	}
	p.kind = "future<thing>"
	old := object(t, p.frame())
	p.version = 9
	recent := object(t, p.frame())
	if _, err := old.Merge(recent); err != nil || !bytes.Equal(bytesOf(t, old), p.frame()) {
		t.Errorf("merged with a newer version it is %x (%v), want %x", bytesOf(t, old), err, p.frame())
	}
	p.version = 1
	if _, err := recent.Merge(object(t, p.frame())); err != nil || bytes.Equal(bytesOf(t, recent), p.frame()) {
		t.Errorf("merging an older version lowered the version (%v)", err)
	}
}

func TestErasedPNCounter(t *testing.T) {
	t.Parallel()
	k := crdt.PNCounterKind()
	a, b := k.New(), k.New()
	do(t, a, writer(1), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 5) })
	do(t, b, writer(2), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -7) })
	o, p := object(t, frame(t, k, a)), object(t, frame(t, k, b))
	clone := o.Clone()
	changed, err := o.Merge(p)
	if a.Merge(b); !changed || err != nil || !bytes.Equal(bytesOf(t, o), frame(t, k, a)) {
		t.Errorf("Merge = %t, %v, %x, want %x", changed, err, bytesOf(t, o), frame(t, k, a))
	}
	if bytes.Equal(bytesOf(t, clone), bytesOf(t, o)) {
		t.Error("a clone followed the original")
	}
}

// What does not fit is an error and never a panic.
func TestErasedMisfits(t *testing.T) {
	t.Parallel()
	counter, pn := frame(t, crdt.CounterKind(), crdt.CounterKind().New()), frame(t, crdt.PNCounterKind(), crdt.PNCounterKind().New())
	p, _, err := unpack(counter)
	if err != nil {
		t.Fatal(err)
	}
	p.kind = "pncounter" // with a context
	causalPN := object(t, p.frame())
	clash := gsetKind
	clash.Name = "pncounter"
	ownPN := object(t, frame(t, clash, clash.New()), clash) // another type of that name
	tests := []struct {
		name string
		o, d *untyped.Object
	}{
		{"counter and awset", object(t, counter), object(t, frame(t, crdt.AWSetKind(crdt.String), crdt.AWSetKind(crdt.String).New()))},
		{"counter and pncounter", object(t, counter), object(t, pn)},
		{"pncounter and counter", object(t, pn), object(t, counter)},
		{"pncounter and causal pncounter", object(t, pn), causalPN},
		{"causal pncounter and pncounter", causalPN, object(t, pn)},
		{"pncounter and another type of that name", object(t, pn), ownPN},
		{"another type of that name and pncounter", ownPN, object(t, pn)},
	}
	for _, tt := range tests {
		was := bytesOf(t, tt.o)
		if changed, err := tt.o.Merge(tt.d); changed || !errors.Is(err, crdt.ErrKind) || !bytes.Equal(bytesOf(t, tt.o), was) {
			t.Errorf("%s: Merge = %t, %v, want ErrKind and nothing changed", tt.name, changed, err)
		}
	}
	own := frame(t, gsetKind, gsetKind.New())
	if _, err := untyped.DecodeObject(own, crdt.CounterKind()); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("DecodeObject of an unknown lattice = %v, want ErrKind", err)
	}
	q, _, _ := unpack(own)
	q.version = 2
	if _, err := untyped.DecodeObject(q.frame(), gsetKind); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("DecodeObject of a newer lattice = %v, want ErrVersion", err)
	}
	q.version, q.body = 1, []byte{1}
	if _, err := untyped.DecodeObject(q.frame(), gsetKind); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("DecodeObject of a broken lattice = %v, want ErrCorrupt", err)
	}
	if _, err := untyped.FrameKind(counter[:9]); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("FrameKind of a cut frame = %v, want ErrCorrupt", err)
	}
}
