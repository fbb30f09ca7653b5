package crdt

import "github.com/dovetail-crdt/dovetail/crdt/internal/kernel"

// EWFlag is a flag in which enable wins: it stays on when one replica enables it
// while another disables it. A disable ends the enables that its replica has seen
// and leaves nothing behind. A new flag is off.
type EWFlag struct{ object }

// EWFlagKind returns the kind of EWFlag.
func EWFlagKind() Kind[*EWFlag] { return causalKind("ewflag", &EWFlag{}) }

// Enable turns the flag on, also if it is: the new enable survives concurrent
// disables of the old one.
func (f *EWFlag) Enable(tx *Tx) { tx.put(f.object, nil) }

// Disable ends the enables that this replica has seen; of a flag that is off it
// does nothing.
func (f *EWFlag) Disable(tx *Tx) { tx.clear(f.object) }

// IsEnabled reports whether an enable is visible that no disable saw. O(1).
func (f *EWFlag) IsEnabled() bool { return f.obj().at().Has() }

// Merge implements Lattice.
func (f *EWFlag) Merge(delta *EWFlag) bool { return merge(f, delta) }

// Equal implements Lattice; of views it compares the enables and their dots.
func (f *EWFlag) Equal(o *EWFlag) bool { return equal(f, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (f *EWFlag) Clone() *EWFlag {
	if f == nil {
		return nil
	}
	return &EWFlag{f.clone()}
}

// IsBottom implements Lattice.
func (f *EWFlag) IsBottom() bool { return f.obj().isBottom() }

func (f *EWFlag) obj() *object {
	if f == nil {
		return nil
	}
	return &f.object
}

func (f *EWFlag) nest(o object) *EWFlag { return &EWFlag{o} }

func (f *EWFlag) schema() kernel.Schema { return votesSchema{"flag", false} }
