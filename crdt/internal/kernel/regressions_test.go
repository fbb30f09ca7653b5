package kernel_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// A doubt about the middle of what is known is refused: run 5 would close run 3
// and not 1, which run 3 closes, and a merge would depend on who merges first.
func TestLateDoubtIsRefused(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	for range 2 { // runs 1 and 3
		a.inc(1)
		a.reset()
	}
	was := encode(a.s)
	tx := a.s.Begin(a.id, 2)
	tx.Inc(at("c"), 1)
	if _, err := tx.Commit(5, 4); !errors.Is(err, kernel.ErrClaim) {
		t.Errorf("Commit = %v, want %v", err, kernel.ErrClaim)
	}
	if !bytes.Equal(encode(a.s), was) {
		t.Error("a refused commit changed the state")
	}
}

// Commit refuses what the state itself shows to be a lie: a claim that skips an
// own event on this object, which would be declared dead elsewhere and stay here.
func TestCommitRefusesDishonestClaim(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	one := a.do(func(tx *kernel.Tx) { tx.Put(at("x"), nil) })
	tx := a.s.Begin(a.id, 0)
	tx.Put(at("y"), nil)
	two, err := tx.Commit(2, 0)
	if err != nil {
		return
	}
	b := newSite(t, 2).see(one, two)
	if !same(a.s, b.s) {
		t.Errorf("writer shows %d entries, reader %d", a.s.Len(), b.s.Len())
	}
}

// What is encoded can be decoded, also if a source says that it doubts events
// that it has not issued.
func TestDoubtOfTheFutureIsRefused(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	tx := a.s.Begin(a.id, 10)
	tx.Inc(at("c"), 1)
	if _, err := tx.Commit(1, 0); err != nil {
		return
	}
	if _, err := decode(encode(a.s)); err != nil {
		t.Errorf("decode of an encoded state: %v", err)
	}
}

// A copy that is taken in a transaction would have entries without numbers.
func TestCloneInTransaction(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	a.do(func(tx *kernel.Tx) {
		tx.Put(at("x"), nil)
		defer func() {
			if recover() == nil {
				t.Error("Clone of a state that a transaction is changing did not panic")
			}
		}()
		a.s.Clone()
	})
}

// bases returns an encoded state of n bases of one path, or of a path each.
func bases(n int, onePath bool) []byte {
	ctx, _ := (&clock.Context{}).AppendBinary(nil)
	b := wire.AppendBytes(nil, ctx)
	b = append(b, 0) // no inner nodes
	places, each := n, 1
	if onePath {
		places, each = 1, n
	}
	b = wire.AppendUvarint(b, uint64(places))
	for i := range n {
		if i%each == 0 {
			b = append(b, 1, 4) // below the root, a segment of four bytes
			b = binary.BigEndian.AppendUint32(b, uint32(i))
			b = wire.AppendUvarint(b, uint64(each))
		}
		b = wire.AppendUint64(b, uint64(i+1))
		b = append(b, 1, 0, 1, 2) // run 1, closing none, seq 1, sum 1
		b, _ = clock.Dot{Replica: 1, Seq: 1}.AppendBinary(b)
	}
	return b
}

// Decoding goes through n bases at one path no more often than through those at n
// paths.
func TestDecodeIsLinear(t *testing.T) {
	t.Parallel()
	const n = 10_000
	for _, onePath := range []bool{false, true} {
		s, err := decode(bases(n, onePath))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Work(); got > 4*n {
			t.Errorf("%d bases, at one path: %t, are gone through %d times", n, onePath, got)
		}
	}
}

// A place of several entries keeps no more than twice as many dots as are live
// there, however many came and went, were undone, or are ended in whatever order.
func TestPlaceOfSeveralForgetsTheDead(t *testing.T) {
	t.Parallel()
	w := newSite(t, 2)
	w.do(func(tx *kernel.Tx) {
		for i := range 2 * kernel.ScanMost { // enough that there are tables
			tx.Put(at("s", bulkKey(i)), nil)
		}
	})
	kernel.Index(w.s)
	var first, last *kernel.State
	for i := range clock.ReplicaID(100) { // two stay, one comes, one goes
		d := newSite(t, 10+i).do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
		if w.see(d); i == 0 {
			first = d
		}
		if i > 2 {
			gone, ok := last.Revocation()
			if w.see(gone); !ok || w.s.At(at("s", "x")).Below() != 3 {
				t.Fatalf("%d entries at x, want 3", w.s.At(at("s", "x")).Below())
			}
		}
		last = d
	}
	var many []*kernel.State
	for i := range clock.ReplicaID(40) {
		many = append(many, newSite(t, 200+i).do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) }))
	}
	w.see(many...)
	for i := range many { // the first half of them from the front, the others from the end
		gone, _ := many[i].Revocation()
		if i >= len(many)/2 {
			gone, _ = many[3*len(many)/2-1-i].Revocation()
		}
		w.see(gone)
	}
	for range 50 {
		tx := w.s.Begin(w.id, 0)
		tx.See(&kernel.ReadContext{Context: first.Context()})
		tx.Kill(at("s", "x"))
		tx.Rollback()
		w.valid(w.s)
	}
}

// An entry that a transaction made and undid at a place of several leaves nothing
// there, though the next transaction's first entry has its provisional number.
func TestSharedSlotForgetsWhatWasUndone(t *testing.T) {
	t.Parallel()
	from, w := newSite(t, 1), newSite(t, 2)
	var d []*kernel.State
	for range 5 {
		d = append(d, from.do(func(tx *kernel.Tx) { tx.Inc(at("s", "n"), 1) }))
	}
	w.see(d[0], d[2], d[4]) // three totals of a run, of which only the last counts
	w.do(func(tx *kernel.Tx) {
		for i := range 2 * kernel.ScanMost { // enough that there are tables
			tx.Put(at("s", bulkKey(i)), nil)
		}
	})
	kernel.Index(w.s)
	tx := w.s.Begin(w.id, w.doubt)
	tx.Inc(at("s", "n"), 5)
	tx.Kill(at("s", "n"))
	w.valid(w.s)
	tx.Rollback()
	w.valid(w.s)
	tx = w.s.Begin(w.id, w.doubt)
	tx.Put(at("elsewhere"), nil)
	w.valid(w.s)
	tx.Rollback()
	w.valid(w.s)
}

// A transaction may end all that it made and then make something of another form. To
// roll it back reads what it had ended, as what that was.
func TestRollbackOfWhatItMadeAndEnded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(tx *kernel.Tx){
		"total, then value": func(tx *kernel.Tx) {
			tx.Inc(at("c"), 1)
			tx.Kill(nil)
			tx.Put(at("v"), []byte("1"))
		},
		"value, then total": func(tx *kernel.Tx) {
			tx.Put(at("v"), []byte("1"))
			tx.Kill(nil)
			tx.Inc(at("c"), 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newSite(t, 1)
			for range 50 { // so that the number of the run is like the length of a value
				a.do(func(tx *kernel.Tx) { tx.Put(at("x"), nil) })
			}
			a.inc(1)
			was := encode(a.s)
			tx := a.s.Begin(a.id, 0)
			change(tx)
			tx.Rollback()
			if got := encode(a.s); !bytes.Equal(got, was) {
				t.Errorf("after Rollback\n%x, want\n%x", got, was)
			}
			a.inc(1)
			if err := kernel.Check(a.s); err != nil {
				t.Error(err)
			}
		})
	}
}
