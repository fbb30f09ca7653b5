package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Option changes how Mutate runs a transaction. Of several of one meaning the
// last counts.
type Option func(*options)

type options struct{ seen *kernel.ReadContext }

// Seen makes the transaction one on behalf of a reader who saw the object with
// context c, here or at another replica: what its mutators overwrite and remove is
// what the reader saw, and what the transaction itself made. What others wrote
// since, the reader has not seen, and it stays. The usual c is that of the
// reader's token, opened; nil is the empty context.
//
//   - With the empty context a write is blind: it ends nothing, and in a register
//     its value stands beside those that are there (but see LWWRegister.Set). A
//     blind remove does nothing.
//   - A write of a register or a flag that is the whole object takes the context
//     wherever it came from: what the reader saw and this replica has yet to learn
//     of is dead here on arrival.
//   - Other changes that end something (of an element, key or field) run only at a
//     replica that knows all that the reader saw, and else fail the transaction
//     with ErrBehind: what it does not know it cannot tell to belong to the part.
//   - Resets of counters, and removals above counters, fail with ErrAhead if a
//     total has moved on since the reader saw it: a context names totals, not how
//     much they were. SeenSnapshot does not have that limit.
//   - Additions to counters, and Prune, are as without the option.
//
// A context that no reader of the object saw (one of another object, or made up)
// deletes what it names. Mutate does not keep c. It costs O(intervals of c) more. A
// lattice without a context, where nothing is ever overwritten or removed, ignores
// the option.
func Seen(c *clock.Context) Option {
	if c == nil {
		c = &clock.Context{}
	}
	return func(o *options) { o.seen = &kernel.ReadContext{Context: c} }
}

// SeenSnapshot is Seen for a reader who has kept a snapshot: resets of counters
// and removals above them, at and below the place of which it was taken, subtract
// exactly what the reader saw, whatever was added since. Counter.Reset then never
// fails for what the reader saw: neither with ErrAhead, nor with ErrBehind at a
// replica that has yet to see what it takes away. A snapshot of an object of another
// kind fails the transaction with ErrKind. A nil one has seen nothing.
func SeenSnapshot(s *Snapshot) Option {
	return func(o *options) { o.seen = s.readContext() }
}

// see lets the transaction on an object of that schema act as opts say.
func (tx *Tx) see(of kernel.Schema, opts []Option) error {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.seen == nil {
		return nil
	}
	if err := o.seen.Validate(of); err != nil {
		return fmt.Errorf("%w: a snapshot of some other object: %v", ErrKind, err) //nolint:errorlint // nothing is corrupt
	}
	if lacks := o.seen.Context.Minus(tx.on.Context()); !lacks.IsEmpty() {
		o.seen.Missing, tx.missing = lacks, lacks
	}
	tx.seen = o.seen
	tx.kern.See(o.seen)
	return nil
}
