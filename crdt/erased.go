package crdt

import (
	"errors"
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// AnyKind is a Kind, whatever its type.
type AnyKind interface {
	// Erased returns the kind as package untyped handles it.
	Erased() erased.Kind[*Tx, Source, Option]
}

// Erased implements AnyKind.
func (k Kind[S]) Erased() erased.Kind[*Tx, Source, Option] {
	k.declared()
	return erasedKind[S]{k}
}

// Typed turns values into what package untyped handles, and back.
func (k Kind[S]) Typed() erased.Typed[S] { return erased.Typed[S]{State: k.stateOf, Value: k.valueOf} }

func (k Kind[S]) stateOf(s S) (erased.State, error) {
	if k.form() == nil {
		if isNil(s) {
			s = k.New()
		}
		return erasedLattice[S]{s, k}, nil
	}
	state := any(s).(causal).obj().whole()
	if state == nil {
		return nil, errors.New("crdt: a view of a map value or field is no object: take the whole object")
	}
	return erased.Causal{State: state}, nil
}

func (k Kind[S]) valueOf(state erased.State) (s S, ok bool) {
	switch state := state.(type) {
	case erased.Causal:
		form := k.form()
		if form == nil {
			return s, false
		}
		return form.nest(object{state: state.State}), true
	case erasedLattice[S]:
		return state.s, true
	}
	return s, false
}

// erasedKind is a kind behind its type.
type erasedKind[S Lattice[S]] struct{ k Kind[S] }

// Name implements erased.Kind.
func (e erasedKind[S]) Name() string { return e.k.Name }

// Version implements erased.Kind.
func (e erasedKind[S]) Version() int { return e.k.Version }

// Schema implements erased.Kind.
func (e erasedKind[S]) Schema() kernel.Schema {
	if form := e.k.form(); form != nil {
		return form.schema
	}
	return nil
}

// New implements erased.Kind.
func (e erasedKind[S]) New() erased.State {
	if e.k.form() != nil {
		return erased.Causal{State: kernel.New()}
	}
	return erasedLattice[S]{e.k.New(), e.k}
}

// DecodeFrame implements erased.Kind.
func (e erasedKind[S]) DecodeFrame(f *envelope.Frame) (erased.State, error) {
	if e.k.form() != nil {
		return nil, fmt.Errorf("crdt: %s: %w: frame without a context", e.k.Name, ErrCorrupt)
	}
	s, err := decodePlain(e.k, f)
	if err != nil {
		return nil, err
	}
	return erasedLattice[S]{s, e.k}, nil
}

// Decode implements erased.Kind.
func (e erasedKind[S]) Decode(content []byte) (erased.State, error) {
	s, err := e.k.Decode(content)
	if err != nil {
		return nil, envelope.Corrupt(e.k.Name, err)
	}
	return erasedLattice[S]{s, e.k}, nil
}

// Mutate implements erased.Kind. Of a lattice without a context fn is given a copy, and
// the state itself gets what was recorded.
func (e erasedKind[S]) Mutate(s erased.State, src Source, fn func(*Tx, erased.State) error, opts []Option) (erased.State, error) {
	if err := checkSource(src); err != nil {
		return nil, err
	}
	if c, ok := s.(erased.Causal); ok {
		delta, err := mutateState(c.State, e.Schema(), src, func(tx *Tx) error { return fn(tx, c) }, opts)
		if err != nil || delta.IsBottom() {
			return nil, err
		}
		return erased.Causal{State: delta}, nil
	}
	v, ok := e.k.valueOf(s)
	if !ok {
		return nil, fmt.Errorf("%w: %s is of another Go type", ErrKind, e.k.Name)
	}
	delta, changed, err := mutateRecorded(v, src, func(tx *Tx, work S) error { return fn(tx, erasedLattice[S]{work, e.k}) })
	if !changed {
		return nil, err
	}
	return erasedLattice[S]{delta, e.k}, nil
}

// erasedLattice is a state of a known type without a context.
type erasedLattice[S Lattice[S]] struct {
	s    S
	kind Kind[S]
}

// Merge implements erased.State.
func (l erasedLattice[S]) Merge(o erased.State) (changed, ok bool) {
	d, ok := o.(erasedLattice[S])
	return ok && l.s.Merge(d.s), ok
}

// Strip implements erased.State.
func (l erasedLattice[S]) Strip(o erased.State, merge bool) (erased.State, bool) {
	d, ok := o.(erasedLattice[S])
	if !ok {
		return nil, false
	}
	news, changed := strip(l.s, d.s, merge)
	if !changed {
		return nil, true
	}
	return erasedLattice[S]{news, l.kind}, true
}

// Parts implements erased.State.
func (l erasedLattice[S]) Parts() iter.Seq[erased.State] {
	return func(yield func(erased.State) bool) {
		for p := range parts(l.s) {
			if !yield(erasedLattice[S]{p, l.kind}) {
				return
			}
		}
	}
}

// Clone implements erased.State.
func (l erasedLattice[S]) Clone() erased.State { return erasedLattice[S]{l.s.Clone(), l.kind} }

// IsBottom implements erased.State.
func (l erasedLattice[S]) IsBottom() bool { return l.s.IsBottom() }

// A byte of content takes plainMemory bytes in memory, or less: the content of an entry
// of a map is as little as ten bytes, and no type of this package has smaller parts.
const (
	plainMemory = 16
	plainLeast  = 512
)

// Memory implements erased.State. It goes by the content: of what cannot be written
// nothing is known, and it is not merged either.
func (l erasedLattice[S]) Memory() int {
	b, err := l.kind.Append(nil, l.s)
	if err != nil {
		return plainLeast
	}
	return plainLeast + plainMemory*len(b)
}

// AppendFrame implements erased.State.
func (l erasedLattice[S]) AppendFrame(b []byte, h envelope.Header) ([]byte, error) {
	h.Kind, h.Version = l.kind.Name, l.kind.Version // what the bytes are
	return appendFrame(b, l.kind, l.s, h)
}

// AppendContent implements erased.State.
func (l erasedLattice[S]) AppendContent(b []byte) ([]byte, error) { return l.kind.Append(b, l.s) }
