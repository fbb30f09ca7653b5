package crdt

import "github.com/dovetail-crdt/dovetail/crdt/internal/kernel"

// erasedCausal is a causal state of any kind.
type erasedCausal struct{ *kernel.State }

func (c erasedCausal) merge(o erased) (changed, ok bool) {
	d, ok := o.(erasedCausal)
	return ok && c.Merge(d.State), ok
}

func (c erasedCausal) clone() erased { return erasedCausal{c.Clone()} }

func (c erasedCausal) appendFrame(b []byte, h header) ([]byte, error) {
	return h.appendCausal(b, c.State)
}

// erasedLattice is a state of a known type without a context.
type erasedLattice[S Lattice[S]] struct {
	s    S
	kind Kind[S]
}

func (l erasedLattice[S]) merge(o erased) (changed, ok bool) {
	d, ok := o.(erasedLattice[S])
	return ok && l.s.Merge(d.s), ok
}

func (l erasedLattice[S]) clone() erased { return erasedLattice[S]{l.s.Clone(), l.kind} }

func (l erasedLattice[S]) appendFrame(b []byte, h header) ([]byte, error) {
	return AppendFrameVersion(b, l.kind, l.s, h.format)
}
