package crdt

// Revoke returns the delta that takes delta back by name: merged anywhere, before
// delta or after it, it ends what delta made, and nothing else. It is for a change
// of which its writer cannot learn whether it was stored.
//
// What delta itself ended stays ended wherever delta has been: a revoked overwrite
// leaves neither the old value nor the new one there. So a delta that makes nothing,
// a mere removal, cannot be revoked; nor can one with a running total of a counter,
// which others may have counted on, nor one of a lattice without a context. Ok is
// false then.
//
// The result shares nothing with delta. O(delta).
func Revoke[S Lattice[S]](delta S) (revocation S, ok bool) {
	c, isCausal := any(delta).(nestable[S])
	if !isCausal {
		return revocation, false
	}
	state := c.obj().whole()
	if state == nil {
		return revocation, false
	}
	r, ok := state.Revocation()
	if !ok || r.IsBottom() {
		return revocation, false
	}
	return c.nest(object{state: r}), true
}
