package aerospike

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// absorb takes in a record that was read and reports whether it lacks something of
// what is remembered: another copy is newer, or the record went back. Then it goes
// on remembering what the record should have, unless adopt says to make do with
// it. V.mu is held.
func (v *value) absorb(u *layout.Record, adopt bool) (lacks bool, err error) {
	same := u.Stamp == v.stamp && !v.unsure
	if same {
		lacks, err = v.follow(u)
	} else {
		lacks, err = v.replace(u)
	}
	if err == nil && (!lacks || adopt) {
		if !same || lacks || len(v.entries) < len(u.Queue) { // else it is the same queue
			v.entries.set(u.Queue)
		}
		v.stamp, v.unsure = u.Stamp, false
	}
	if err == nil {
		err = v.absorbOthers(u.Others)
	}
	v.checked = err == nil && !lacks
	v.exact = v.checked && len(u.Others) == 0
	return lacks, err
}

// part is what is known of the record of another datacenter.
type part struct {
	stamp   layout.Stamp
	entries keySet
}

// absorbOthers takes in the records of other datacenters. That one of them went back
// is its owner's to mend.
func (v *value) absorbOthers(recs []*layout.Record) error {
	if len(v.others) != len(recs) {
		v.others = make([]part, len(recs))
	}
	for i, u := range recs {
		p := &v.others[i]
		base := u.Base()
		for j := 0; u.Stamp != p.stamp && j < len(base); j++ {
			d, err := v.decode(base[j])
			if err != nil {
				return fmt.Errorf("frame %d of the snapshot of another datacenter: %w", j, err)
			}
			v.learn(base[j], d, u.Unapplied)
		}
		if _, err := p.entries.news(u.Queue, v.learnEntry); err != nil {
			return fmt.Errorf("another datacenter: %w", err)
		}
		p.stamp = u.Stamp
		p.entries.set(u.Queue)
	}
	return nil
}

// follow takes in a queue beside the snapshot that is known.
func (v *value) follow(u *layout.Record) (lacks bool, err error) {
	missing, err := v.entries.news(u.Queue, v.learnEntry)
	return missing > 0, err
}

// learnEntry takes in an entry of a queue.
func (v *value) learnEntry(q *layout.Entry) error {
	d, err := v.decode(q.Frame)
	if err != nil {
		return fmt.Errorf("entry %x of the queue: %w", q.Key, err)
	}
	v.learn(q.Frame, d, q.Unapplied)
	return nil
}

// replace takes in a record with another snapshot.
func (v *value) replace(u *layout.Record) (lacks bool, err error) {
	fresh, unapplied, err := v.join(u)
	if err != nil {
		return false, err
	}
	if !v.found {
		v.notice(u.Frames()...)
	}
	has, err := fresh.Contains(v.seen)
	if err != nil {
		return false, err
	}
	lacks = !has
	v.work.renew()
	if lacks {
		unapplied.Merge(fresh.BorrowContext(), v.seen.BorrowContext(), v.unapplied.Context())
		mustMerge(fresh, v.seen)
	}
	v.seen, v.unapplied = fresh, unapplied
	v.weigh()
	return lacks, nil
}

// join returns what a record comes to, as an object of the kind, and what of that is
// unapplied.
func (v *value) join(u *layout.Record) (s *untyped.Object, unapplied layout.Unapplied, err error) {
	s = untyped.NewObject(v.kind)
	for i, f := range u.Base() {
		d, err := v.decode(f)
		if err != nil {
			return s, unapplied, fmt.Errorf("frame %d of the snapshot: %w", i, err)
		}
		if d != nil {
			mustMerge(s, d)
		}
	}
	parts := layout.JoinUnapplied(u)
	parts.Add(s.BorrowContext(), u.Unapplied)
	for i := range u.Queue {
		q := &u.Queue[i]
		d, err := v.decode(q.Frame)
		if err != nil {
			return s, unapplied, fmt.Errorf("entry %x of the queue: %w", q.Key, err)
		}
		if d == nil {
			continue
		}
		parts.Add(d.BorrowContext(), q.Unapplied)
		mustMerge(s, d)
	}
	return s, parts.Unapplied(), nil
}

// decode returns what a frame holds of the kind: nil if it is of another, which stands
// beside.
func (v *value) decode(frame []byte) (*untyped.Object, error) {
	d, err := untyped.DecodeObjectAs(v.kind, frame)
	if errors.Is(err, crdt.ErrKind) {
		return nil, nil //nolint:nilnil // which is no error: see check
	}
	return d, err
}

// learn merges what is in the cluster, and leaves events unapplied, into what is
// known: d, which frame holds, or nothing if that is of another kind.
func (v *value) learn(frame []byte, d *untyped.Object, unapplied *clock.Context) {
	v.notice(frame)
	if d != nil {
		v.merge(d, unapplied)
		v.work.learn(d)
		v.grew(len(frame))
	}
}

// known is what a value knows of the record, all of it, before a write.
type known struct {
	v      *value
	stamp  layout.Stamp
	queued int
}

// known returns what the object's values know that know the whole record. The caller has
// the turn to write.
func (o *object) known() (ks []known) {
	for _, v := range o.remembered() {
		v.mu.Lock()
		if v.exact {
			ks = append(ks, known{v, v.stamp, len(v.entries)})
		}
		v.mu.Unlock()
	}
	return ks
}

// wrote takes in what this process has appended, as a read of it would, after which the
// queue has so many entries. If somebody else appended too, the next read finds that.
func (k *known) wrote(entries []layout.Entry, queued int) {
	v := k.v
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checked = false
	if v.exact = v.exact && v.stamp == k.stamp && len(v.entries) == k.queued && queued == k.queued+len(entries); !v.exact {
		return
	}
	for i := range entries {
		if err := v.learnEntry(&entries[i]); err != nil { // which a read will tell
			v.exact = false
			return
		}
		v.entries.add(entries[i].Key)
	}
}

// notice takes note of the kinds that stand under the key, until there is one of v's.
func (v *value) notice(frames ...[]byte) {
	for _, f := range frames {
		if v.found {
			return
		}
		kind, err := untyped.FrameKind(f)
		if v.found = err == nil && kind == v.name; !v.found && err == nil {
			v.other = kind
		}
	}
}

// check fails if the object under the key is of another kind.
func (v *value) check() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.found && v.other != "" {
		return fmt.Errorf("%w: %s, want %s", crdt.ErrKind, v.other, v.name)
	}
	return nil
}

// merge merges what is in the cluster into seen.
func (v *value) merge(d *untyped.Object, unapplied *clock.Context) {
	v.unapplied.Merge(v.seen.BorrowContext(), d.BorrowContext(), unapplied)
	mustMerge(v.seen, d)
}
