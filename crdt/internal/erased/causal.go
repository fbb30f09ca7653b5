package erased

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Causal is a causal state of any kind.
type Causal struct{ *kernel.State }

// Merge implements State.
func (c Causal) Merge(o State) (changed, ok bool) {
	d, ok := o.(Causal)
	return ok && c.State.Merge(d.State), ok
}

// Strip implements State.
func (c Causal) Strip(o State, merge bool) (news State, ok bool) {
	d, ok := o.(Causal)
	if !ok {
		return nil, false
	}
	part := c.News(d.State)
	if part.IsBottom() {
		return nil, true
	}
	if merge {
		c.State.Merge(part)
	}
	return Causal{part}, true
}

// Parts implements State.
func (c Causal) Parts() iter.Seq[State] {
	return func(yield func(State) bool) {
		for p := range c.State.Parts() {
			if !yield(Causal{p}) {
				return
			}
		}
	}
}

// Clone implements State.
func (c Causal) Clone() State { return Causal{c.State.Clone()} }

// AppendFrame implements State.
func (c Causal) AppendFrame(b []byte, h envelope.Header) ([]byte, error) {
	return h.AppendCausal(b, c.State)
}

// AppendContent implements State.
func (c Causal) AppendContent(b []byte) ([]byte, error) { return envelope.AppendContent(b, c.State) }
