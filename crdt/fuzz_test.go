package crdt_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// docKind is a document with a field of every causal type, for content whose
// values are read too.
func docKind() crdt.Kind[*crdt.Doc] {
	type point struct{ X, Y int }
	a := newAccount()
	return crdt.DocKind(a.balance, a.tags, a.owner, a.memo, a.funds,
		crdt.NewField("points", crdt.AWMapKind(crdt.Uint64, crdt.LWWRegisterKind(crdt.MsgPack[point]("acme/point.v1")))),
		crdt.NewField("nested", crdt.AWMapKind(crdt.String, crdt.DocKind(a.balance, a.memo))))
}

// contents returns the contents of the causal goldens, as Kind.Append writes
// them.
func contents() [][]byte {
	var all [][]byte
	for _, g := range goldens() {
		if p, _, err := unpack(g.frame); err == nil && p.context != nil {
			all = append(all, slices.Concat([]byte{untyped.FrameVersion}, p.context, p.body))
		}
	}
	return all
}

// frugal fails if f allocates more than a decoder may for n bytes of input.
func frugal(t *testing.T, n int, f func()) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	if got := sample[0].Value.Uint64() - before; got > 1<<20+1<<10*uint64(n)+uint64(n)*uint64(n) {
		t.Fatalf("%d bytes allocate %d", n, got)
	}
}

func FuzzDecodeObject(f *testing.F) {
	all := goldens()
	for _, g := range all {
		for _, frame := range [][]byte{g.frame, goldenFrame(f, goldenPath(g.name, envelope.OldestVersion))} {
			f.Add(frame)
			f.Add(frame[:len(frame)-6])
		}
	}
	for _, h := range hostiles() {
		f.Add(h.frame())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// The second reading has the checksum that b needs, so that changed bytes
		// get past it.
		for _, in := range [][]byte{b, sealed(b)} {
			was := bytes.Clone(in)
			var o *untyped.Object
			var err error
			frugal(t, len(in), func() { o, err = untyped.DecodeObject(in, gsetKind) })
			if !bytes.Equal(in, was) {
				t.Fatalf("DecodeObject changed its argument")
			}
			if err != nil {
				if !errors.Is(err, crdt.ErrCorrupt) && !errors.Is(err, crdt.ErrVersion) && !errors.Is(err, crdt.ErrKind) {
					t.Fatalf("DecodeObject of\n%x: %v", in, err)
				}
				continue
			}
			again, err := o.AppendFrameVersion(nil, int(in[1]))
			if err != nil || !bytes.Equal(again, in) {
				t.Fatalf("DecodeObject accepted\n%x, which encodes as\n%x (%v)", in, again, err)
			}
			for _, g := range all {
				_, _ = o.Clone().Merge(object(t, g.frame))
				_, _ = object(t, g.frame).Merge(o)
				_, _ = g.again(in, untyped.FrameVersion)
			}
			if changed, err := o.Merge(o.Clone()); changed || err != nil {
				t.Fatalf("merging a clone of\n%x = %t, %v", in, changed, err)
			}
		}
	})
}

// FuzzVersions reads context and body in every format; what one can say the others
// can.
func FuzzVersions(f *testing.F) {
	for _, g := range goldens() {
		for format := envelope.OldestVersion; format <= untyped.FrameVersion; format++ {
			if p, _, err := unpack(goldenFrame(f, goldenPath(g.name, format))); err == nil && p.context != nil {
				f.Add(byte(format), p.context, p.body)
			}
		}
	}
	for _, h := range hostiles() {
		if h.context != nil {
			f.Add(byte(h.format), h.context, h.body)
		}
	}
	f.Fuzz(func(t *testing.T, format byte, context, body []byte) {
		if format < envelope.OldestVersion || format > untyped.FrameVersion || context == nil {
			return
		}
		in := pack{format: int(format), kind: "unknown", version: 3, context: context, body: body}.frame()
		var o *untyped.Object
		var err error
		frugal(t, len(in), func() { o, err = untyped.DecodeObject(in) })
		if err != nil {
			return
		}
		for v := envelope.OldestVersion; v <= untyped.FrameVersion; v++ {
			out, err := o.AppendFrameVersion(nil, v)
			if err != nil {
				t.Fatalf("version %d of\n%x: %v", v, in, err)
			}
			if back, err := object(t, out).AppendFrameVersion(nil, int(format)); err != nil || !bytes.Equal(back, in) {
				t.Fatalf("\n%x in version %d and back is\n%x (%v)", in, v, back, err)
			}
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	golden := goldenFrame(f, "testdata/golden/batch-v2.hex")
	f.Add(golden)
	f.Add(golden[:len(golden)-6])
	for _, n := range []int{0, 1, 2, 9} {
		b := batchOf(f, deltas(f, n, 1)...)
		f.Add(b[:len(b)-6])
	}
	for _, tt := range hostileBatches {
		b := tt.batch()
		f.Add(b[:len(b)-6])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range [][]byte{b, sealed(b)} {
			was := bytes.Clone(in)
			var batch *untyped.Batch
			var err error
			frugal(t, len(in), func() { batch, err = untyped.DecodeBatch(in) })
			if err != nil {
				if !errors.Is(err, crdt.ErrCorrupt) && !errors.Is(err, crdt.ErrVersion) {
					t.Fatalf("DecodeBatch of\n%x: %v", in, err)
				}
				continue
			}
			objects := 0
			for o, err := range batch.Objects(gsetKind) {
				if objects++; (o == nil) == (err == nil) {
					t.Fatalf("object %v with error %v of\n%x", o, err, in)
				}
			}
			if objects != batch.Len() {
				t.Fatalf("%d objects of %d frames of\n%x", objects, batch.Len(), in)
			}
			var all [][]byte
			for _, f := range batch.Frames() {
				all = append(all, bytes.Clone(f))
				if _, err := untyped.FrameKind(f); err != nil && !errors.Is(err, crdt.ErrVersion) {
					t.Fatalf("FrameKind of a frame of\n%x: %v", in, err)
				}
			}
			if !bytes.Equal(in, was) {
				t.Fatalf("reading a batch changed it")
			}
			if again, err := untyped.AppendBatch(nil, all...); err != nil || !bytes.Equal(again, in) {
				t.Fatalf("DecodeBatch accepted\n%x, whose frames make\n%x (%v)", in, again, err)
			}
		}
	})
}

// FuzzMsgPack reads values of a type with maps, times and floats.
func FuzzMsgPack(f *testing.F) {
	for _, o := range []order{{}, {ID: "x", Tags: map[int8]bool{1: true, -1: false}, Extra: []any{1, "y", nil}, Placed: wall()}, {Parent: &order{Small: 1.5}}} {
		b, err := orders.Append(nil, o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(bytes.Repeat([]byte{0x91}, 100))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xc9, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		v, err := orders.Decode(b)
		if err != nil {
			if !errors.Is(err, crdt.ErrCorrupt) {
				t.Fatalf("Decode(%x) = %v, want ErrCorrupt", b, err)
			}
			return
		}
		clear(b)
		if again, err := orders.Append(nil, v); err != nil || !bytes.Equal(again, was) {
			t.Fatalf("Decode accepted\n%x, which encodes as\n%x (%v)", was, again, err)
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
	k := crdt.DocKind() // any structure
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
	r.Byte()
	s := kernel.Read(r, r)
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
