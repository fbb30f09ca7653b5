package unit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Join returns what can be joined of a unit: its state, in which strange frames are
// kept as they stand. Damaged frames, and such as cannot be of one object with the
// others, are left out and told in the error; what is returned beside it is below
// the object and safe to merge anywhere. It keeps no part of the unit.
func Join(kinds []crdt.AnyKind, u *Unit) (s *State, damaged error) {
	s = NewState(kinds)
	var errs []error
	for i, f := range u.Base() {
		if _, err := s.MergeFrame(f); err != nil && !IsStrange(err) {
			errs = append(errs, fmt.Errorf("frame %d of the snapshot: %w", i, err))
		}
	}
	if u.Unapplied != nil {
		s.unapplied.dots.Merge(u.Unapplied)
	}
	for i := range u.Queue {
		e := &u.Queue[i]
		o, err := s.Decode(e.Frame)
		switch {
		case IsStrange(err):
			s.keep(slices.Clone(e.Bytes()))
			continue
		case err == nil:
			_, err = s.MergeExcept(o, e.Unapplied)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("entry %x of the queue: %w", e.Key, err))
		}
	}
	return s, errors.Join(errs...)
}

// News returns what t has above s: appended to what s was read from, it makes it
// what merging t would. None means that s contains t, and has applied what t has.
// Neither is changed. Strange frames are returned as they stand.
func (s *State) News(t *State) ([]Entry, error) {
	var news []Entry
	applied := s.appliedBy(t)
	for _, o := range t.objects {
		part := o
		if i, found := s.find(o.Kind()); found {
			var err error
			if part, err = s.objects[i].Strip(o); err != nil {
				return nil, fmt.Errorf("compare: %w", err)
			}
		}
		if common(applied, o.Context()) != nil {
			part = o // nothing less says so
		}
		if part == nil {
			continue
		}
		f, err := part.AppendFrame(nil)
		if err != nil {
			return nil, fmt.Errorf("encode an object of kind %q: %w", o.Kind(), err)
		}
		news = append(news, NewEntryExcept(f, common(t.Unapplied(), part.Context())))
	}
	for _, f := range t.strange {
		if _, found := slices.BinarySearchFunc(s.strange, f, bytes.Compare); !found {
			news = append(news, NewEntry(f))
		}
	}
	return news, nil
}

// appliedBy returns the events that s covers and has not applied, and t has.
func (s *State) appliedBy(t *State) *clock.Context {
	c := s.Unapplied()
	if c != nil && t.Unapplied() != nil {
		c = c.Minus(t.Unapplied())
	}
	return common(c, t.context())
}

// common returns the events that are in both contexts, or nil if none is.
func common(a, b *clock.Context) *clock.Context {
	if a == nil || b == nil {
		return nil
	}
	if c := a.Minus(a.Minus(b)); !c.IsEmpty() {
		return c
	}
	return nil
}

// Fingerprint stands for the content of a record without being all of it. Records
// with one fingerprint hold the same; records that hold the same may have several,
// since one may have folded what waits in the other's queue.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a record with that hash of its snapshot,
// if it has one, and what that leaves unapplied as it stands there, and a queue with
// those keys, which it puts into order. The hash alone does not do: it knows nothing
// of the queue. The keys do, since a key is the hash of its entry. A record that
// holds nothing has the zero Fingerprint, as has one that is not there.
func FingerprintOf(hash int64, snapshot bool, except []byte, queue []EntryKey) Fingerprint {
	if !snapshot && len(queue) == 0 {
		return Fingerprint{}
	}
	slices.SortFunc(queue, func(a, b EntryKey) int { return bytes.Compare(a[:], b[:]) })
	b := make([]byte, 0, 32+len(except)+len(queue)*len(EntryKey{}))
	if snapshot {
		b = binary.BigEndian.AppendUint64(append(b, 1), uint64(hash))
		b = wire.AppendBytes(b, except)
	}
	for i := range queue {
		b = append(b, queue[i][:]...)
	}
	return sha256.Sum256(b)
}
