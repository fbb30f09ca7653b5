package layout

import "fmt"

// Folded is the join of a record's snapshot, blocks and queue.
type Folded struct {
	State *State
	// Keys are the entries of the queue that State contains, in the order of the queue.
	// Damaged entries, and those of a kind or format that is not known here, are not
	// among them: they stay in the queue.
	Keys []EntryKey
	// Left is the number of entries that stay.
	Left int
}

// Fold joins a record into s, which is bottom and becomes Folded.State. A damaged frame
// in the snapshot is the error err, since a state without that frame would not be the
// object's. A damaged entry in the queue is the error damaged: the entry stays in the
// queue, and f is the join of all others.
func Fold(s *State, rec *Record) (f Folded, damaged error, err error) {
	f.State = s
	for i, frame := range rec.Base() {
		if _, err := s.MergeFrame(frame); err != nil && !IsUnknown(err) {
			return f, nil, fmt.Errorf("frame %d of the snapshot: %w", i, err)
		}
	}
	parts := JoinUnapplied(rec)
	parts.Add(s.known(), rec.Unapplied)
	for _, e := range rec.Queue {
		o, err := s.Decode(e.Frame)
		if err == nil {
			_, err = s.Merge(o)
		}
		if err == nil {
			parts.Add(o.BorrowContext(), e.Unapplied) // that of a first o, which s keeps, is still its own
			f.Keys = append(f.Keys, e.Key)
			continue
		}
		f.Left++
		if !IsUnknown(err) && damaged == nil {
			damaged = fmt.Errorf("entry %x of the queue: %w", e.Key, err)
		}
	}
	s.unapplied = parts.Unapplied()
	return f, damaged, nil
}
