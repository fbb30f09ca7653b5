package unit

import "fmt"

// Folded is a unit read: what it comes to, and what of its queue is in that.
type Folded struct {
	State *State
	// Keys are the entries that State contains, in the order of the queue. Entries
	// that are strange or damaged are not among them: they stay where they are.
	Keys []EntryKey
	// Left is the number of entries that stay.
	Left int
}

// Fold joins a unit into s, which is bottom and becomes Folded.State. A snapshot with a damaged
// frame is an error, since a state without it would not be the object's. A
// damaged entry of the queue is left where it is, like a strange one: the error
// Damaged tells, beside a result that is good for all else.
func Fold(s *State, u *Unit) (f Folded, damaged error, err error) {
	f.State = s
	for i, frame := range u.Base() {
		if _, err := s.MergeFrame(frame); err != nil && !IsStrange(err) {
			return f, nil, fmt.Errorf("frame %d of the snapshot: %w", i, err)
		}
	}
	parts := Gather(u)
	parts.Add(s.known(), u.Unapplied)
	for _, e := range u.Queue {
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
		if !IsStrange(err) && damaged == nil {
			damaged = fmt.Errorf("entry %x of the queue: %w", e.Key, err)
		}
	}
	s.unapplied = parts.Unapplied()
	return f, damaged, nil
}
