package crdt

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Split returns two objects whose join is o: what it knows of the events of those
// replicas that apart accepts, and the rest. A store can keep the part of replicas
// that issue nothing more by itself, and write it once. Part is nil if there is
// nothing in it, and always if the object has no context.
//
// Each is an object like any other, and neither is the value: what one has of an
// element the other may have ended. They share nothing with o. O(o).
func (o *Object) Split(apart func(id clock.ReplicaID) bool) (rest, part *Object) {
	c, ok := o.state.(erasedCausal)
	if !ok || !slices.ContainsFunc(slices.Collect(c.Context().Replicas()), apart) {
		return o.Clone(), nil
	}
	r, p := c.Split(apart)
	return &Object{o.kind, o.version, erasedCausal{r}, o.schema}, &Object{o.kind, o.version, erasedCausal{p}, o.schema}
}

// Context returns a copy of the object's context, or nil if it has none.
func (o *Object) Context() *clock.Context {
	if c, ok := o.state.(erasedCausal); ok {
		return c.State.Context().Clone()
	}
	return nil
}

// BorrowContext returns the object's context itself, or nil if it has none. It belongs
// to the object: the caller must neither change it nor keep it beyond the object's next
// change.
func (o *Object) BorrowContext() *clock.Context {
	if c, ok := o.state.(erasedCausal); ok {
		return c.Context()
	}
	return nil
}
