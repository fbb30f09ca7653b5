package unit

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
	strange [][]byte       // in order of bytes
	kinds   []crdt.AnyKind

	// Unapplied is what the state covers and has not applied. Beside is what stands
	// beside it, in blocks: covered and applied, unless it is in Unapplied.
	unapplied Unapplied
	beside    *clock.Context
}

// NewState returns bottom. Kinds are those that DecodeObject needs besides its
// own.
func NewState(kinds []crdt.AnyKind) *State { return &State{kinds: kinds} }

// errStrange is matched by the error of a frame that only a newer binary can
// join.
var errStrange = errors.New("not to be joined here")

// Decode returns the object of a frame. The error of a frame that is whole but
// not to be joined here, as its kind or its format is unknown, is not that of a
// damaged one; see IsStrange.
func (s *State) Decode(frame []byte) (*crdt.Object, error) {
	o, err := crdt.DecodeObject(frame, s.kinds...)
	if errors.Is(err, crdt.ErrKind) || errors.Is(err, crdt.ErrVersion) {
		return nil, fmt.Errorf("%w: %w", errStrange, err)
	}
	return o, err
}

// IsStrange reports whether err is that of a frame which was kept as it is.
func IsStrange(err error) bool { return errors.Is(err, errStrange) }

// MergeFrame merges a frame and reports whether that changed the state. A strange
// one is kept (IsStrange of the error). One that is damaged, or cannot be of one
// object with the others, is an error and changes nothing. S keeps no part of the
// frame.
func (s *State) MergeFrame(frame []byte) (changed bool, err error) {
	o, err := s.Decode(frame)
	if IsStrange(err) {
		return s.keep(slices.Clone(frame)), err
	}
	if err != nil {
		return false, err
	}
	return s.Merge(o)
}

// keep keeps a frame that cannot be joined here and reports whether it was new.
func (s *State) keep(frame []byte) bool {
	i, found := slices.BinarySearchFunc(s.strange, frame, bytes.Compare)
	if !found {
		s.strange = slices.Insert(s.strange, i, frame)
	}
	return !found
}

// Merge merges an object, which the state may keep. The error is that of an object
// which has the kind's name and not its form.
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
	for _, f := range t.strange {
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

// known is context to look into at once.
func (s *State) known() *clock.Context {
	if s.beside == nil && len(s.objects) == 1 {
		if c := s.objects[0].BorrowContext(); c != nil {
			return c
		}
	}
	return s.context()
}

// context returns all that the state covers, with what stands beside it.
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

// Contains reports whether merging o would change nothing: whether it is below
// the state in the lattice. That its dots are covered is not enough. O(o).
func (s *State) Contains(o *crdt.Object) bool {
	i, found := s.find(o.Kind())
	if !found {
		return false
	}
	news, err := s.objects[i].Strip(o)
	return err == nil && news == nil // one of another form is not there
}

// containsFrame is Contains for a frame. What cannot be joined here is not there.
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
	for _, f := range t.strange {
		if _, found := slices.BinarySearchFunc(s.strange, f, bytes.Compare); !found {
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
	return append(fs, s.strange...), nil
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
	c := &State{strange: slices.Clone(s.strange), kinds: s.kinds, beside: s.beside}
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
