package layout

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// State is the join of frames: an object for each kind, and the frames that
// nothing here can join. The zero State is bottom.
type State struct {
	objects []*crdt.Object // in order of kind
	unknown [][]byte       // in order of bytes
	kinds   []crdt.AnyKind

	// Unapplied are the events that the state covers and has not applied. Beside are
	// those that blocks which are not part of the state cover: they are applied too,
	// unless they are in Unapplied.
	unapplied Unapplied
	beside    *clock.Context
}

// NewState returns bottom. Kinds are those that frames may be of besides those of
// package crdt.
func NewState(kinds []crdt.AnyKind) *State { return &State{kinds: kinds} }

// errUnknown is matched by the error of a frame whose kind or format is not known here.
var errUnknown = errors.New("of a kind or format that is not known here")

// Decode returns the object of a frame. IsUnknown tells the error of a frame whose kind
// or format is not known here from that of a damaged one.
func (s *State) Decode(frame []byte) (*crdt.Object, error) {
	o, err := crdt.DecodeObject(frame, s.kinds...)
	if errors.Is(err, crdt.ErrKind) || errors.Is(err, crdt.ErrVersion) {
		return nil, fmt.Errorf("%w: %w", errUnknown, err)
	}
	return o, err
}

// IsUnknown reports whether err is that of a frame whose kind or format is not known
// here.
func IsUnknown(err error) bool { return errors.Is(err, errUnknown) }

// MergeFrame merges a frame and reports whether that changed the state. A frame of a
// kind or format that is not known here is kept as it stands, beside an error that
// IsUnknown. A frame that is damaged, or that cannot be of one object with the others,
// is an error and changes nothing. The state keeps no part of the caller's frame.
func (s *State) MergeFrame(frame []byte) (changed bool, err error) {
	o, err := s.Decode(frame)
	if IsUnknown(err) {
		return s.keep(slices.Clone(frame)), err
	}
	if err != nil {
		return false, err
	}
	return s.Merge(o)
}

// keep adds a frame that cannot be joined here, and reports whether it was new.
func (s *State) keep(frame []byte) bool {
	i, found := slices.BinarySearchFunc(s.unknown, frame, bytes.Compare)
	if !found {
		s.unknown = slices.Insert(s.unknown, i, frame)
	}
	return !found
}

// Merge merges an object, which the state may keep. It fails for an object that has the
// name of a kind and not its form.
func (s *State) Merge(o *crdt.Object) (changed bool, err error) {
	i, found := s.find(o.Kind())
	if !found {
		s.objects = slices.Insert(s.objects, i, o)
		return true, nil
	}
	return s.objects[i].Merge(o)
}

// MergeState merges all of t, which it neither changes nor keeps.
func (s *State) MergeState(t *State) (changed bool, err error) {
	for _, o := range t.objects {
		c, err := s.Merge(o.Clone())
		if err != nil {
			return changed, err
		}
		changed = changed || c
	}
	for _, f := range t.unknown {
		changed = s.keep(f) || changed
	}
	return changed, nil
}

// MergeExcept merges an object that leaves events unapplied, which may be nil.
func (s *State) MergeExcept(o *crdt.Object, unapplied *clock.Context) (changed bool, err error) {
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
	if s.beside == nil && len(s.objects) == 1 {
		if c := s.objects[0].BorrowContext(); c != nil {
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
	for _, o := range s.objects {
		if x := o.Context(); x != nil {
			c.Merge(x)
		}
	}
	return c
}

// Contains reports whether o is below the state in the lattice: merging it would change
// nothing. That the state covers the dots of o is not enough. O(o).
func (s *State) Contains(o *crdt.Object) bool {
	i, found := s.find(o.Kind())
	if !found {
		return false
	}
	news, err := s.objects[i].Strip(o)
	return err == nil && news == nil // one of another form is not there
}

// containsFrame is Contains for a frame, and false for one that cannot be joined here.
func (s *State) containsFrame(frame []byte) bool {
	o, err := s.Decode(frame)
	return err == nil && s.Contains(o)
}

// ContainsState reports whether merging t would change nothing.
func (s *State) ContainsState(t *State) bool {
	for _, o := range t.objects {
		if !s.Contains(o) {
			return false
		}
	}
	for _, f := range t.unknown {
		if _, found := slices.BinarySearchFunc(s.unknown, f, bytes.Compare); !found {
			return false
		}
	}
	return true
}

// Frames returns the state as frames, canonical: states that are equal here have
// equal frames.
func (s *State) Frames() ([][]byte, error) {
	var fs [][]byte
	for _, o := range s.objects {
		f, err := o.AppendFrame(nil)
		if err != nil {
			return nil, fmt.Errorf("encode an object of kind %q: %w", o.Kind(), err)
		}
		fs = append(fs, f)
	}
	return append(fs, s.unknown...), nil
}

// Object returns the object of a kind, or nil. It belongs to the state.
func (s *State) Object(kind string) *crdt.Object {
	if i, found := s.find(kind); found {
		return s.objects[i]
	}
	return nil
}

// Clone returns a copy.
func (s *State) Clone() *State {
	c := &State{unknown: slices.Clone(s.unknown), kinds: s.kinds, beside: s.beside}
	c.unapplied.dots = *s.unapplied.dots.Clone()
	for _, o := range s.objects {
		c.objects = append(c.objects, o.Clone())
	}
	return c
}

func (s *State) find(kind string) (int, bool) {
	return slices.BinarySearchFunc(s.objects, kind, func(o *crdt.Object, k string) int {
		return strings.Compare(o.Kind(), k)
	})
}
