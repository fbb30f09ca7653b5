package crdt_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// docKind is a document with a field of every causal type, for content whose
// values are read too.
func docKind() crdt.Kind[*crdt.Doc] {
	type point struct{ X, Y int }
	a := newAccount()
	return crdt.DocOf(a.balance, a.tags, a.owner, a.memo, a.funds,
		crdt.NewField("points", crdt.AWMapOf(crdt.Uint64, crdt.LWWRegisterOf(crdt.MsgPack[point]("acme/point.v1")))),
		crdt.NewField("nested", crdt.AWMapOf(crdt.String, crdt.DocOf(a.balance, a.memo))))
}

// contents returns the contents of the causal goldens, as Kind.Append writes
// them.
func contents() [][]byte {
	var all [][]byte
	for _, g := range goldens() {
		if p, _, err := unpack(g.frame); err == nil && p.context != nil {
			all = append(all, append(wire.AppendBytes(nil, p.context), p.body...))
		}
	}
	return all
}

func FuzzDecodeObject(f *testing.F) {
	all := goldens()
	for _, g := range all {
		f.Add(g.frame)
		f.Add(g.frame[:len(g.frame)-6])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// The second reading has the checksum that b needs, so that changed bytes
		// get past it.
		for _, in := range [][]byte{b, sealed(b)} {
			was := bytes.Clone(in)
			o, err := crdt.DecodeObject(in, gsetKind)
			if !bytes.Equal(in, was) {
				t.Fatalf("DecodeObject changed its argument")
			}
			if err != nil {
				continue
			}
			again, err := o.AppendFrame(nil)
			if err != nil || !bytes.Equal(again, in) {
				t.Fatalf("DecodeObject accepted\n%x, which encodes as\n%x (%v)", in, again, err)
			}
			for _, g := range all {
				_, _ = o.Clone().Merge(object(t, g.frame))
				_, _ = object(t, g.frame).Merge(o)
				_, _ = g.again(in)
			}
			if changed, err := o.Merge(o.Clone()); changed || err != nil {
				t.Fatalf("merging a clone of\n%x = %t, %v", in, changed, err)
			}
		}
	})
}

func FuzzContent(f *testing.F) {
	k := docKind()
	for _, c := range contents() {
		f.Add(c)
	}
	var states []*crdt.Doc
	for _, c := range contents() {
		if d, err := k.Decode(c); err == nil {
			states = append(states, d)
		}
	}
	if len(states) == 0 {
		f.Fatal("no golden is a document")
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := k.Decode(b)
		if err != nil {
			return
		}
		again, err := k.Append(nil, d)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("Decode accepted\n%x, which encodes as\n%x (%v)", b, again, err)
		}
		for _, s := range states {
			s.Clone().Merge(d)
			d.Clone().Merge(s)
		}
		if !d.Clone().Equal(d) || d.Clone().Merge(d) {
			t.Fatalf("a clone of\n%x differs", b)
		}
		for range d.Fields() { // reading does not panic
		}
		if _, err := crdt.Mutate(d, crdt.NewWriter(1<<63+12345, wall), func(tx *crdt.Tx, d *crdt.Doc) error { d.Clear(tx); return nil }); err != nil {
			t.Fatalf("Clear of\n%x: %v", b, err)
		}
		for name := range d.Fields() {
			t.Fatalf("Clear of\n%x left field %q", b, name)
		}
	})
}

func FuzzMerge(f *testing.F) {
	k := crdt.DocOf() // any structure
	all := contents()
	for i, c := range all {
		f.Add(c, all[(i+1)%len(all)])
		f.Add(c, c)
	}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, errA := erasedState(x)
		b, errB := erasedState(y)
		if errA != nil || errB != nil || !consistent(a, b) {
			return
		}
		d, errA := k.Decode(x)
		e, errB := k.Decode(y)
		if errA != nil || errB != nil {
			return
		}
		de, ed := d.Clone(), e.Clone()
		de.Merge(e)
		ed.Merge(d)
		p, _ := k.Append(nil, de)
		q, _ := k.Append(nil, ed)
		if !bytes.Equal(p, q) || !de.Equal(ed) {
			t.Fatalf("merge of\n%x and\n%x is\n%x, the other way round\n%x", x, y, p, q)
		}
		if de.Merge(d) || de.Merge(e) {
			t.Fatalf("merge of\n%x and\n%x is not their upper bound", x, y)
		}
	})
}

func erasedState(b []byte) (*kernel.State, error) {
	r := wire.NewReader(b)
	c := wire.NewReader(r.Bytes())
	s := kernel.Read(c, r)
	if err := c.Done(); err != nil {
		return nil, err
	}
	return s, r.Done()
}

// consistent reports whether both states can be of one object: a dot names one
// entry, a run started once, runs of a writer close older ones whole, and equal
// bases are of equal sums. Nothing can be promised of others.
func consistent(a, b *kernel.State) bool {
	live := map[clock.Dot]kernel.Flat{}
	runs := map[textbook.Run]uint64{}
	sums := map[textbook.Run]map[uint64]uint64{}
	ok := true
	run := func(path []string, r textbook.Run, lo uint64) {
		for _, seg := range path {
			r.Path += string(wire.AppendBytes(nil, seg))
		}
		if was, known := runs[r]; known && was != lo {
			ok = false
		}
		runs[r] = lo
	}
	for _, s := range []*kernel.State{a, b} {
		for e := range s.Entries() {
			if was, known := live[e.Dot]; known && !reflect.DeepEqual(was, e) {
				ok = false
			}
			live[e.Dot] = e
			if t := e.Value.Total; t != nil {
				run(e.Path, textbook.Run{Replica: e.Dot.Replica, Run: t.Run}, t.Lo)
			}
		}
		for path, x := range s.Bases() {
			r := textbook.Run{Replica: x.Replica, Run: x.Run}
			run(path, r, x.Lo)
			if sums[r] == nil {
				sums[r] = map[uint64]uint64{}
			}
			if was, known := sums[r][x.Seq]; known && was != x.Sum {
				ok = false
			}
			sums[r][x.Seq] = x.Sum
		}
	}
	for r, lo := range runs {
		for o, olo := range runs {
			if r.Path == o.Path && r.Replica == o.Replica && o.Run < r.Run && lo <= o.Run && lo > olo {
				ok = false // closes a run, but not what that run closed
			}
		}
	}
	return ok
}
