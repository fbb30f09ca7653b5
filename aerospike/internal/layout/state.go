package layout

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// State is the join of the frames of one key, and which of the events that it covers it
// has not applied. The zero State is bottom.
type State struct {
	frames untyped.FrameSet
	kinds  []crdt.AnyKind

	// Unapplied are the events that the state covers and has not applied. Beside are
	// those that blocks which are not part of the state cover: they are applied too,
	// unless they are in Unapplied.
	unapplied Unapplied
	beside    *clock.Context
}

// NewState returns bottom. Kinds are those that frames may be of besides those of
// package crdt.
func NewState(kinds []crdt.AnyKind) *State { return &State{kinds: kinds} }

// Decode returns the object of a frame. IsUnknown tells the error of a frame whose kind
// or format is not known here from that of a damaged one.
func (s *State) Decode(frame []byte) (*untyped.Object, error) {
	return untyped.DecodeObject(frame, s.kinds...)
}

// IsUnknown reports whether err is that of a frame whose kind or format is not known
// here.
func IsUnknown(err error) bool {
	return (errors.Is(err, crdt.ErrKind) || errors.Is(err, crdt.ErrVersion)) && !errors.Is(err, crdt.ErrCorrupt)
}

// MergeFrame merges a frame and reports whether that changed the state. A frame of a
// kind or format that is not known here is kept as it stands, beside an error that
// IsUnknown. A frame that is damaged, or that cannot be of one object with the others,
// is an error and changes nothing. The state keeps no part of the caller's frame.
func (s *State) MergeFrame(frame []byte) (changed bool, err error) {
	return s.frames.Add(frame, s.kinds...)
}

// Merge merges an object, which the state may keep. It fails for an object that has the
// name of a kind and not its form.
func (s *State) Merge(o *untyped.Object) (changed bool, err error) { return s.frames.AddObject(o) }

// MergeState merges all of t, which it neither changes nor keeps.
func (s *State) MergeState(t *State) (changed bool, err error) {
	for _, o := range t.frames.Objects() {
		c, err := s.Merge(o.Clone())
		if err != nil {
			return changed, err
		}
		changed = changed || c
	}
	for _, f := range t.frames.Kept() {
		changed = s.frames.Keep(f) || changed
	}
	return changed, nil
}

// MergeExcept merges an object that leaves events unapplied, which may be nil.
func (s *State) MergeExcept(o *untyped.Object, unapplied *clock.Context) (changed bool, err error) {
	was := s.unapplied
	s.unapplied.Merge(s.known(), o.BorrowContext(), unapplied)
	if changed, err = s.Merge(o); err != nil {
		s.unapplied = was
	}
	return changed, err
}

// Unapplied returns the events that the state covers and has not applied, or nil.
// It belongs to the state.
func (s *State) Unapplied() *clock.Context { return s.unapplied.Context() }

// known is context, without a copy where that is possible: to be read at once.
func (s *State) known() *clock.Context {
	if objects := s.frames.Objects(); s.beside == nil && len(objects) == 1 {
		if c := objects[0].BorrowContext(); c != nil {
			return c
		}
	}
	return s.context()
}

// context returns the events that the state and the blocks beside it cover.
func (s *State) context() *clock.Context {
	c := &clock.Context{}
	if s.beside != nil {
		c = s.beside.Clone()
	}
	for _, o := range s.frames.Objects() {
		if x := o.Context(); x != nil {
			c.Merge(x)
		}
	}
	return c
}

// Contains reports whether o is below the state in the lattice: merging it would change
// nothing. That the state covers the dots of o is not enough. O(o).
func (s *State) Contains(o *untyped.Object) bool {
	own := s.Object(o.Kind())
	if own == nil {
		return false
	}
	news, err := own.Strip(o)
	return err == nil && news == nil // one of another form is not there
}

// containsFrame is Contains for a frame, and false for one that cannot be joined here.
func (s *State) containsFrame(frame []byte) bool {
	o, err := s.Decode(frame)
	return err == nil && s.Contains(o)
}

// ContainsState reports whether merging t would change nothing.
func (s *State) ContainsState(t *State) bool {
	for _, o := range t.frames.Objects() {
		if !s.Contains(o) {
			return false
		}
	}
	return !slices.ContainsFunc(t.frames.Kept(), func(f []byte) bool { return !s.keeps(f) })
}

// keeps reports whether a frame is among those that cannot be joined here.
func (s *State) keeps(frame []byte) bool {
	_, found := slices.BinarySearchFunc(s.frames.Kept(), frame, bytes.Compare)
	return found
}

// Frames returns the state as frames, canonical: states that are equal here have
// equal frames.
func (s *State) Frames() ([][]byte, error) {
	fs, err := s.frames.AppendFrames(nil)
	if err != nil {
		return nil, fmt.Errorf("encode the objects of a record: %w", err)
	}
	return fs, nil
}

// Object returns the object of a kind, or nil. It belongs to the state.
func (s *State) Object(kind string) *untyped.Object {
	for _, o := range s.frames.Objects() {
		if o.Kind() == kind {
			return o
		}
	}
	return nil
}

// Clone returns a copy.
func (s *State) Clone() *State {
	c := NewState(s.kinds)
	c.beside, c.unapplied.dots = s.beside, *s.unapplied.dots.Clone()
	if _, err := c.MergeState(s); err != nil {
		panic(fmt.Sprintf("layout: a state that cannot be merged into bottom: %v", err))
	}
	return c
}
