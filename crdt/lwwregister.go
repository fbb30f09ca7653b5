package crdt

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// LWWRegister holds one value; of concurrent writes the one with the later time
// is shown, and of equal times the one of the larger replica. Causality comes
// first: a write always replaces what its replica saw, whatever the clocks say.
//
// Concurrent writes are all kept (one a replica at most, in practice one in all)
// until a write that saw them replaces them, so a bad clock can hide a write for
// a time but never destroys one, and Siblings shows what lost. A write is stamped
// above every value that it replaces, as far as clock.HLC follows.
type LWWRegister[T any] struct {
	object
	codec Codec[T]
}

// LWWRegisterKind returns the kind of registers of values of that codec.
func LWWRegisterKind[T any](c Codec[T]) Kind[*LWWRegister[T]] {
	return causalKind("lww<"+c.declared()+">", &LWWRegister[T]{codec: c})
}

// Sibling is one of the concurrent values of a register.
type Sibling[T any] struct {
	Value T
	Time  clock.Timestamp
	Dot   clock.Dot
}

// Set replaces what this replica sees by v. A value that the codec refuses fails
// the transaction.
//
// On behalf of a reader (see Seen) it replaces what the reader saw, and what its
// own replica wrote before, seen or not: blind writes do not pile up. It is
// stamped above those of them that this replica has.
func (r *LWWRegister[T]) Set(tx *Tx, v T) {
	k := tx.openLeaf(&r.object)
	if k == nil {
		return
	}
	var over []clock.Timestamp
	for d, put := range entriesHere(r.obj().at()) {
		if !tx.saw(d) && d.Replica != tx.src.Replica() {
			continue
		}
		t, _, err := splitTime(put)
		if err != nil {
			tx.Fail(err)
			return
		}
		over = append(over, t)
	}
	b, err := r.codec.write(appendTime(nil, tx.src.Stamp(over...)), v)
	if err != nil {
		tx.Fail(err)
		return
	}
	if !tx.weigh(r.path, len(b)) {
		return
	}
	if tx.seen != nil {
		k.EndOwn(r.path)
	}
	k.Put(r.path, b)
}

// Clear removes what this replica sees. A concurrent write survives.
func (r *LWWRegister[T]) Clear(tx *Tx) { tx.clear(r.object) }

// Get returns the value of the last write and true, or false if there is none.
func (r *LWWRegister[T]) Get() (v T, ok bool) {
	var best Sibling[[]byte]
	for d, put := range entriesHere(r.obj().at()) {
		t, raw, err := splitTime(put)
		if err != nil {
			panic(fmt.Sprintf("crdt: register value at %v: %v", d, err))
		}
		if s := (Sibling[[]byte]{raw, t, d}); !ok || s.before(best) < 0 {
			best, ok = s, true
		}
	}
	if !ok {
		return v, false
	}
	return must(&r.codec, best.Value), true
}

// before orders siblings by who wins.
func (s Sibling[T]) before(o Sibling[T]) int {
	return -cmp.Or(cmp.Compare(s.Time, o.Time), s.Dot.Compare(o.Dot))
}

// Siblings yields the concurrent values, the winner first. One value means that
// nothing is in conflict.
func (r *LWWRegister[T]) Siblings() iter.Seq[Sibling[T]] {
	var all []Sibling[T]
	for d, put := range entriesHere(r.obj().at()) {
		if t, raw, err := splitTime(put); err == nil {
			all = append(all, Sibling[T]{must(&r.codec, raw), t, d})
		}
	}
	slices.SortFunc(all, Sibling[T].before)
	return slices.Values(all)
}

// Merge implements Lattice.
func (r *LWWRegister[T]) Merge(delta *LWWRegister[T]) bool { return merge(r, delta) }

// Equal implements Lattice; of views it compares the values and their dots.
func (r *LWWRegister[T]) Equal(o *LWWRegister[T]) bool { return equal(r, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (r *LWWRegister[T]) Clone() *LWWRegister[T] {
	if r == nil {
		return nil
	}
	return &LWWRegister[T]{r.clone(), r.codec}
}

// IsBottom implements Lattice.
func (r *LWWRegister[T]) IsBottom() bool { return r.obj().isBottom() }

func (r *LWWRegister[T]) obj() *object {
	if r == nil {
		return nil
	}
	return &r.object
}

func (r *LWWRegister[T]) needs() string { return "codec" }

func (r *LWWRegister[T]) nest(o object) *LWWRegister[T] { return &LWWRegister[T]{o, r.codec} }

func (r *LWWRegister[T]) schema() kernel.Schema {
	return values{"register", func(put []byte) error {
		_, raw, err := splitTime(put)
		if err == nil {
			err = r.codec.check(raw)
		}
		return err
	}}
}
