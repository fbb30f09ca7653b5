package untyped

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// FrameSet is what the frames of one key come to: an object for each kind, the join of
// its frames, and the frames that cannot be joined here, as they are. The zero FrameSet
// is empty. It is not safe for concurrent use.
//
// It is the one place that decides what of frames is joined and what is kept: engines
// hold objects as frame sets, and readers take their object out of one.
type FrameSet struct {
	objects []*Object // in order of kind
	kept    [][]byte  // in order of bytes
}

// Add joins a frame with those of its kind and reports whether that changed the set. A
// frame that is whole, but of a format, kind or version that is not known here, is kept
// beside: the error matches crdt.ErrKind or crdt.ErrVersion. A frame that is damaged, or of
// another form than those of its kind, is left out: the error matches crdt.ErrCorrupt. Kinds
// are those of DecodeObject. The set keeps no reference to the frame.
func (s *FrameSet) Add(frame []byte, kinds ...crdt.AnyKind) (changed bool, err error) {
	o, err := DecodeObject(frame, kinds...)
	switch {
	case errors.Is(err, crdt.ErrKind) || errors.Is(err, crdt.ErrVersion):
		return s.Keep(frame), err
	case err != nil:
		return false, err
	}
	return s.AddObject(o)
}

// AddObject joins an object, which the set may keep.
func (s *FrameSet) AddObject(o *Object) (changed bool, err error) {
	i, found := s.find(o.name)
	if !found {
		s.objects = slices.Insert(s.objects, i, o)
		return true, nil
	}
	if changed, err = s.objects[i].Merge(o); err != nil {
		return false, fmt.Errorf("%w: %w", crdt.ErrCorrupt, err)
	}
	return changed, nil
}

// Keep keeps a frame as it is, once, and reports whether it was new.
func (s *FrameSet) Keep(frame []byte) bool {
	i, found := slices.BinarySearchFunc(s.kept, frame, bytes.Compare)
	if !found {
		s.kept = slices.Insert(s.kept, i, bytes.Clone(frame))
	}
	return !found
}

func (s *FrameSet) find(name string) (int, bool) {
	return slices.BinarySearchFunc(s.objects, name, func(o *Object, name string) int { return strings.Compare(o.name, name) })
}

// Objects returns the objects, in order of kind, and Kept the frames that are kept as
// they are, in order of bytes. They belong to the set.
func (s *FrameSet) Objects() []*Object { return s.objects }

// Kept is described with Objects.
func (s *FrameSet) Kept() [][]byte { return s.kept }

// AppendFrames appends the frames of the set: one for each object, then those that are
// kept.
func (s *FrameSet) AppendFrames(to [][]byte) ([][]byte, error) {
	for _, o := range s.objects {
		f, err := o.AppendFrame(nil)
		if err != nil {
			return to, err
		}
		to = append(to, f)
	}
	for _, f := range s.kept {
		to = append(to, bytes.Clone(f))
	}
	return to, nil
}

// Object returns the object of kind k, empty if the set is. It belongs to the set. What
// is of another kind stands beside; if there is nothing else, the error is crdt.ErrKind. If
// a frame of k, or one of a newer format, whose kind nobody knows, cannot be joined, that
// is the error: an object without it would not be the whole.
func (s *FrameSet) Object(k crdt.AnyKind) (*Object, error) {
	of := k.Erased()
	for _, f := range s.kept {
		name, err := FrameKind(f)
		if err != nil {
			return nil, err
		}
		if name == of.Name() {
			_, err = DecodeObjectAs(k, f)
			return nil, fmt.Errorf("crdt: a frame of %s could not be joined: %w", name, err)
		}
	}
	if i, found := s.find(of.Name()); found {
		return s.objects[i], s.objects[i].check(of)
	}
	switch {
	case len(s.objects) > 0:
		return nil, fmt.Errorf("%w: %s, want %s", crdt.ErrKind, s.objects[0].name, of.Name())
	case len(s.kept) > 0:
		name, err := FrameKind(s.kept[0])
		return nil, errors.Join(fmt.Errorf("%w: %s, want %s", crdt.ErrKind, name, of.Name()), err)
	}
	return NewObject(k), nil
}
