package aerospike

import "slices"

// workOn returns the state that transactions run on. K.mu is held.
func (k *known[S]) workOn() S {
	if !k.made {
		k.work, k.made = k.seen.Clone(), true
		if k.own.met {
			k.work.Merge(k.own.state)
		}
		for _, c := range k.open {
			k.work.Merge(c.delta)
		}
	}
	return k.work
}

// issue takes note of a change that work has by now. K.mu is held.
func (k *known[S]) issue(c *issued[S]) { k.open = append(k.open, c) }

// settled takes note that a change is in the cluster. K.mu is held.
func (k *known[S]) settled(c *issued[S]) {
	k.merge(c.delta, c.entry.Unapplied)
	k.acks++
	k.checked = false
	k.drop(c)
}

// refused takes note that a change was surely not applied, or was revoked: work is
// made anew without it. K.mu is held.
func (k *known[S]) refused(c *issued[S]) {
	k.drop(c)
	k.made, k.work, k.exact = false, *new(S), false
}

// drop takes c out of what is open and reports whether it was there.
func (k *known[S]) drop(c *issued[S]) bool {
	i := slices.Index(k.open, c)
	if i >= 0 {
		k.open = slices.Delete(k.open, i, i+1)
	}
	return i >= 0
}
