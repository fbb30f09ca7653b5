package aerospike

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// absorb takes in a record that was read and reports whether it lacks something of
// what is remembered: another copy is newer, or the record went back. Then it goes
// on remembering what the record should have, unless adopt says to make do with
// it. K.mu is held.
func (k *known[S]) absorb(u *unit.Unit, adopt bool) (lacks bool, err error) {
	same := u.Stamp == k.stamp && !k.unsure
	if same {
		lacks, err = k.follow(u)
	} else {
		lacks, err = k.replace(u)
	}
	if err == nil && (!lacks || adopt) {
		if !same || lacks || len(k.entries) < len(u.Queue) { // else it is the same queue
			k.entries.set(u.Queue)
		}
		k.stamp, k.unsure = u.Stamp, false
	}
	if err == nil {
		err = k.absorbOthers(u.Others)
	}
	k.checked = err == nil && !lacks
	k.exact = k.checked && len(u.Others) == 0
	return lacks, err
}

// part is what is known of the unit of another datacenter.
type part struct {
	stamp   unit.Stamp
	entries keySet
}

// absorbOthers takes in the units of other datacenters. That one of them went back
// is its owner's to mend.
func (k *known[S]) absorbOthers(units []*unit.Unit) error {
	if len(k.others) != len(units) {
		k.others = make([]part, len(units))
	}
	for i, u := range units {
		p := &k.others[i]
		base := u.Base()
		for j := 0; u.Stamp != p.stamp && j < len(base); j++ {
			d, err := k.decode(base[j])
			if err != nil {
				return fmt.Errorf("frame %d of the snapshot of another datacenter: %w", j, err)
			}
			k.learn(d, u.Unapplied)
		}
		if _, err := p.entries.news(u.Queue, k.learnEntry); err != nil {
			return fmt.Errorf("another datacenter: %w", err)
		}
		p.stamp = u.Stamp
		p.entries.set(u.Queue)
	}
	return nil
}

// follow takes in a queue beside the snapshot that is known.
func (k *known[S]) follow(u *unit.Unit) (lacks bool, err error) {
	missing, err := k.entries.news(u.Queue, k.learnEntry)
	return missing > 0, err
}

// learnEntry takes in an entry of a queue.
func (k *known[S]) learnEntry(q *unit.Entry) error {
	d, err := k.decode(q.Frame)
	if err != nil {
		return fmt.Errorf("entry %x of the queue: %w", q.Key, err)
	}
	k.learn(d, q.Unapplied)
	return nil
}

// replace takes in a record with another snapshot.
func (k *known[S]) replace(u *unit.Unit) (lacks bool, err error) {
	fresh, unapplied, err := k.join(u)
	if err != nil {
		return false, err
	}
	lacks = !crdt.Contains(fresh, k.seen)
	if k.made {
		k.work.Merge(fresh)
	}
	if lacks {
		unapplied.Merge(crdt.BorrowContext(fresh), crdt.BorrowContext(k.seen), k.unapplied.Context())
		fresh.Merge(k.seen)
	}
	k.seen, k.unapplied = fresh, unapplied
	return lacks, nil
}

// join returns what a record comes to, as an object of the kind, and what of that is
// unapplied.
func (k *known[S]) join(u *unit.Unit) (s S, unapplied unit.Unapplied, err error) {
	s = k.kind.New()
	for i, f := range u.Base() {
		d, err := k.decode(f)
		if err != nil {
			return s, unapplied, fmt.Errorf("frame %d of the snapshot: %w", i, err)
		}
		s.Merge(d)
	}
	parts := unit.Gather(u)
	parts.Add(crdt.BorrowContext(s), u.Unapplied)
	for i := range u.Queue {
		q := &u.Queue[i]
		d, err := k.decode(q.Frame)
		if err != nil {
			return s, unapplied, fmt.Errorf("entry %x of the queue: %w", q.Key, err)
		}
		parts.Add(crdt.BorrowContext(d), q.Unapplied)
		s.Merge(d)
	}
	return s, parts.Unapplied(), nil
}

// decode returns what a frame holds of the kind: bottom if it is of another, which
// stands beside.
func (k *known[S]) decode(frame []byte) (S, error) {
	d, err := crdt.DecodeFrame(k.kind, frame)
	if errors.Is(err, crdt.ErrKind) {
		return k.kind.New(), nil
	}
	return d, err
}

// learn merges what is in the cluster, and leaves events unapplied, into what is
// known.
func (k *known[S]) learn(d S, unapplied *clock.Context) {
	k.merge(d, unapplied)
	if k.made {
		k.work.Merge(d)
	}
}

// merge merges what is in the cluster into seen.
func (k *known[S]) merge(d S, unapplied *clock.Context) {
	k.unapplied.Merge(crdt.BorrowContext(k.seen), crdt.BorrowContext(d), unapplied)
	k.seen.Merge(d)
}
