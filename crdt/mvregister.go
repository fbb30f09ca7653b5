package crdt

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// MVRegister keeps all values that were written concurrently until one write,
// which has seen them, replaces them. It is for those who would rather decide a
// conflict than have it decided.
type MVRegister[T any] struct {
	object
	codec Codec[T]
}

// MVRegisterKind returns the kind of registers of values of that codec.
func MVRegisterKind[T any](c Codec[T]) Kind[*MVRegister[T]] {
	return causalKind("mv<"+c.declared()+">", &MVRegister[T]{codec: c})
}

// Set replaces the values that this replica sees by v. A value that the codec
// refuses fails the transaction.
//
// On behalf of a reader (see Seen) it replaces the values that the reader saw and
// stands beside all others, also those that its own replica wrote: the conflict
// is for the next reader to resolve. Writers that never read pile up values.
func (r *MVRegister[T]) Set(tx *Tx, v T) {
	b, err := r.codec.write(nil, v)
	if err != nil {
		tx.Fail(err)
		return
	}
	tx.put(r.object, b)
}

// Clear removes the values that this replica sees. A concurrent write survives.
func (r *MVRegister[T]) Clear(tx *Tx) { tx.clear(r.object) }

// Values yields the concurrent values, in dot order, which is the same at every
// replica. Two writers that wrote the same value appear twice.
func (r *MVRegister[T]) Values() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, put := range entriesHere(r.obj().at()) {
			if !yield(must(&r.codec, put)) {
				return
			}
		}
	}
}

// Len returns the number of concurrent values; more than one is a conflict.
func (r *MVRegister[T]) Len() int { return r.obj().at().Below() }

// Merge implements Lattice.
func (r *MVRegister[T]) Merge(delta *MVRegister[T]) bool { return merge(r, delta) }

// Equal implements Lattice; of views it compares the values and their dots.
func (r *MVRegister[T]) Equal(o *MVRegister[T]) bool { return equal(r, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (r *MVRegister[T]) Clone() *MVRegister[T] {
	if r == nil {
		return nil
	}
	return &MVRegister[T]{r.clone(), r.codec}
}

// IsBottom implements Lattice.
func (r *MVRegister[T]) IsBottom() bool { return r.obj().isBottom() }

func (r *MVRegister[T]) obj() *object {
	if r == nil {
		return nil
	}
	return &r.object
}

func (r *MVRegister[T]) needs() string { return "codec" }

func (r *MVRegister[T]) nest(o object) *MVRegister[T] { return &MVRegister[T]{o, r.codec} }

func (r *MVRegister[T]) schema() kernel.Schema { return values{"register", r.codec.check} }
