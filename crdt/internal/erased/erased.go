// Package erased has the values and kinds of package crdt behind their types. Package crdt
// makes them, and package untyped handles them; nobody else sees what they are.
package erased

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// State is a value behind its type: a Causal, or a lattice without a context.
type State interface {
	// Merge joins o into the state and reports whether that changed it. What is of
	// another form, it reports as not ok.
	Merge(o State) (changed, ok bool)
	// Strip returns the part of o that the state lacks, nil for nothing, and merges it if
	// it is told to. What is of another form, it reports as not ok.
	Strip(o State, merge bool) (news State, ok bool)
	// Parts yields the irreducible parts of the state, which join to it.
	Parts() iter.Seq[State]
	Clone() State
	IsBottom() bool
	// Memory returns about how many bytes the state takes, rather more than that.
	Memory() int
	AppendFrame(b []byte, h envelope.Header) ([]byte, error)
	// AppendContent appends what Kind.Decode reads.
	AppendContent(b []byte) ([]byte, error)
}

// Kind is a kind of package crdt behind the type of its values. Tx, Source and Option are
// those of package crdt, which cannot be imported here.
type Kind[Tx, Source, Option any] interface {
	Name() string
	Version() int
	// Schema says what a state can hold. It is nil for a kind without a context.
	Schema() kernel.Schema
	// New returns bottom.
	New() State
	// DecodeFrame returns the state of a frame without a context.
	DecodeFrame(f *envelope.Frame) (State, error)
	// Decode returns the state of such a content.
	Decode(content []byte) (State, error)
	// Mutate runs fn in a transaction on a state of the kind and returns the delta, nil
	// if nothing has changed. Fn is given what it is to change.
	Mutate(s State, src Source, fn func(Tx, State) error, opts []Option) (delta State, err error)
}

// Typed turns the values of one type into states and back. Both share what they are made
// of.
type Typed[S any] struct {
	// State fails for a view.
	State func(s S) (State, error)
	// Value fails for a state of another type. That a causal state is of the kind, its
	// caller knows.
	Value func(s State) (v S, ok bool)
}

// Decomposer is a lattice without a context that knows its parts.
type Decomposer[S any] interface {
	Parts() iter.Seq[S]
	Without(s S) S
}
