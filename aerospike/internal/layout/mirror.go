package layout

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

// Join returns the join of all frames of a record. Frames of a kind or format that is
// not known here are kept as they stand. Damaged frames, and those that cannot be of one
// object with the others, are left out, and the error says which. A state without them
// is below the object in the lattice, so it may be merged anywhere. The state keeps no
// part of the record.
func Join(kinds []crdt.AnyKind, rec *Record) (s *State, damaged error) {
	s = NewState(kinds)
	var errs []error
	for i, f := range rec.Base() {
		if _, err := s.MergeFrame(f); err != nil && !IsUnknown(err) {
			errs = append(errs, fmt.Errorf("frame %d of the snapshot: %w", i, err))
		}
	}
	if rec.Unapplied != nil {
		s.unapplied.dots.Merge(rec.Unapplied)
	}
	for i := range rec.Queue {
		e := &rec.Queue[i]
		o, err := s.Decode(e.Frame)
		switch {
		case IsUnknown(err):
			s.frames.Keep(e.Bytes())
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

// News returns the entries that a record of state s lacks of t: once they are appended,
// the record's state is the join of s and t. If there are none, s contains t, and has
// applied all that t has applied. Frames of a kind or format that is not known here are
// returned as they stand. News changes neither s nor t.
func (s *State) News(t *State) ([]Entry, error) {
	var news []Entry
	applied := s.appliedBy(t)
	for _, o := range t.frames.Objects() {
		part := o
		if own := s.Object(o.Kind()); own != nil {
			var err error
			if part, err = own.Strip(o); err != nil {
				return nil, fmt.Errorf("compare: %w", err)
			}
		}
		if common(applied, o.Context()) != nil {
			part = o // only the whole object says that it has applied them
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
	for _, f := range t.frames.Kept() {
		if !s.keeps(f) {
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

// Fingerprint is a hash of the content of a record. Records with the same fingerprint
// hold the same state. The reverse does not hold: of two records with the same state,
// one may have folded an entry that still stands in the queue of the other.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a record. Hash is the Hash of its snapshot, if
// it has one, and except what the snapshot leaves unapplied, in the bytes of the record.
// Queue are the keys of its queue, which FingerprintOf sorts; each is the hash of its
// entry. A record that is empty, or not there, has the zero Fingerprint.
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
