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

func (c erasedCausal) isBottom() bool { return c.IsBottom() }

func (c erasedCausal) appendContent(b []byte) ([]byte, error) { return appendContent(b, c.State) }

func (c erasedCausal) revoke() (erased, bool) {
	r, ok := c.Revocation()
	if !ok || r.IsBottom() {
		return nil, false
	}
	return erasedCausal{r}, true
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

func (l erasedLattice[S]) isBottom() bool { return l.s.IsBottom() }

func (l erasedLattice[S]) appendContent(b []byte) ([]byte, error) { return l.kind.Append(b, l.s) }

func (l erasedLattice[S]) revoke() (erased, bool) { return nil, false }

// mutate runs fn on a copy of the state, and on the state itself what it recorded.
func (l erasedLattice[S]) mutate(o *Object, src Source, fn func(*Tx, *Object) error) (*Object, error) {
	delta, changed, err := mutateRecorded(l.s, src, func(tx *Tx, work S) error {
		return fn(tx, &Object{kind: o.kind, version: o.version, state: erasedLattice[S]{work, l.kind}})
	})
	if !changed {
		return nil, err
	}
	return &Object{kind: l.kind.Name, version: l.kind.Version, state: erasedLattice[S]{delta, l.kind}}, nil
}
