package crdt

import (
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// DWFlag is a flag in which disable wins: it goes off when one replica disables
// it while another enables it, and stays off until an enable that has seen the
// disable. Each write ends those that its replica has seen; the flag is on while
// an enable is live and no disable is. A new flag is off.
//
// A disable stays as a tombstone, of a flag that is off too, until a write that
// has seen it or Prune ends it. It does not make a map key present. Reset, and
// removing the key or field of the flag, forgets the disables that it saw: an
// unseen enable that had lost to one of them is shown then.
type DWFlag struct{ object }

// DWFlagKind returns the kind of DWFlag.
func DWFlagKind() Kind[*DWFlag] { return causalKind("dwflag", &DWFlag{}) }

// Enable turns the flag on, unless a disable that this replica has not seen
// turns it off. It is an event also if the flag is on: a Reset that has not seen
// it leaves it.
func (f *DWFlag) Enable(tx *Tx) { tx.put(f.object, nil) }

// Disable turns the flag off. It is an event also if the flag is off: a
// concurrent enable has seen the disables before, but not this one.
func (f *DWFlag) Disable(tx *Tx) { tx.deny(f.object) }

// Reset forgets the enables and disables that this replica has seen. What it has
// not seen decides.
func (f *DWFlag) Reset(tx *Tx) { tx.clear(f.object) }

// Prune ends the disables that no replica needs any more, and the enables that
// they beat, if the flag is off and all of them are in stable. See RWSet.Prune
// for what stable must be.
func (f *DWFlag) Prune(tx *Tx, stable *clock.Context) { tx.prune(f.object, stable) }

// IsEnabled reports whether an enable is live and no disable. O(concurrent
// writes).
func (f *DWFlag) IsEnabled() bool { return granted(f.obj().at()) }

// Tombstones returns the number of disables that are kept.
func (f *DWFlag) Tombstones() int {
	_, no := votes(f.obj().at())
	return no
}

// Merge implements Lattice.
func (f *DWFlag) Merge(delta *DWFlag) bool { return merge(f, delta) }

// Equal implements Lattice; of views it compares the writes and their dots.
func (f *DWFlag) Equal(o *DWFlag) bool { return equal(f, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (f *DWFlag) Clone() *DWFlag {
	if f == nil {
		return nil
	}
	return &DWFlag{f.clone()}
}

// IsBottom implements Lattice.
func (f *DWFlag) IsBottom() bool { return f == nil || f.obj().isBottom() && f.Tombstones() == 0 }

func (f *DWFlag) obj() *object {
	if f == nil {
		return nil
	}
	return &f.object
}

func (f *DWFlag) nest(o object) *DWFlag { return &DWFlag{o} }

func (f *DWFlag) schema() kernel.Schema { return votesSchema{"flag", true} }

// votes returns how many live writes at n say yes, and how many no.
func votes(n node) (yes, no int) {
	for _, v := range n.Here() {
		if v.Deny {
			no++
		} else {
			yes++
		}
	}
	return yes, no
}

// granted reports whether the writes at n say yes and none no.
func granted(n node) bool {
	yes, no := votes(n)
	return yes > 0 && no == 0
}

// prune ends what is live at each place at or below o that is denied and where
// every live dot is in stable.
func (tx *Tx) prune(o object, stable *clock.Context) {
	k := tx.open(&o)
	if k == nil {
		return
	}
	for _, p := range prunable(nil, o, o.at(), stable) {
		k.Prune(p.path)
	}
}

// prunable appends these places to out.
func prunable(out []object, o object, n node, stable *clock.Context) []object {
	_, denials := votes(n)
	for d := range n.Here() {
		if !stable.Contains(d) {
			denials = 0 // what is not stable keeps the whole place
		}
	}
	if denials > 0 {
		out = append(out, o)
	}
	for seg, kid := range n.Kids() {
		out = prunable(out, o.below(seg, nil), kid, stable)
	}
	return out
}
