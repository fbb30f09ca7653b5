package untyped

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// Split returns two objects whose join is o: what it knows of the events of those
// replicas that apart accepts, and the rest. A store can keep the part of replicas
// that issue nothing more by itself, and write it once. Part is nil if there is
// nothing in it, and always if the object has no context.
//
// Each is an object like any other, and neither is the value: what one has of an
// element the other may have ended. They share nothing with o. O(o).
func (o *Object) Split(apart func(id clock.ReplicaID) bool) (rest, part *Object) {
	c, ok := o.get().(erased.Causal)
	if !ok || !slices.ContainsFunc(slices.Collect(c.Context().Replicas()), apart) {
		return o.Clone(), nil
	}
	r, p := c.Split(apart)
	return o.with(erased.Causal{State: r}), o.with(erased.Causal{State: p})
}
