package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Object is a decoded frame whose Go type need not be known: it can be merged
// with others of its kind and written again. Causal objects of every kind can,
// because structure is apart from kind; lattices without a context need their
// kind (those of this package are known).
//
// An Object is not safe for concurrent use.
type Object struct {
	kind    string
	version int
	state   erased
	schema  kernel.Schema // of a causal object that was found to be of its kind, or nil
}

// erased is a lattice behind its type.
type erased interface {
	// merge reports as not ok what is of another form.
	merge(o erased) (changed, ok bool)
	clone() erased
	isBottom() bool
	appendFrame(b []byte, h header) ([]byte, error)
	appendContent(b []byte) ([]byte, error)
	// revoke returns the delta that takes this one back, if there is one.
	revoke() (r erased, ok bool)
}

// AnyKind is a Kind, whatever its type.
type AnyKind interface {
	name() string
	contentVersion() int
	empty() erased
	// objectSchema returns what a state of a causal kind can hold, and else nil.
	objectSchema() kernel.Schema
	decodeErased(e *envelope) (erased, error)
	decodeContent(b []byte) (erased, error)
}

func (k Kind[S]) name() string { return k.Name }

func (k Kind[S]) contentVersion() int { return k.Version }

func (k Kind[S]) empty() erased {
	if k.form() != nil {
		return erasedCausal{kernel.New()}
	}
	return erasedLattice[S]{k.New(), k}
}

func (k Kind[S]) objectSchema() kernel.Schema {
	if form := k.form(); form != nil {
		return form.schema
	}
	return nil
}

func (k Kind[S]) decodeErased(e *envelope) (erased, error) {
	if k.form() != nil {
		return nil, fmt.Errorf("crdt: %s: %w: frame without a context", k.Name, ErrCorrupt)
	}
	s, err := decodePlain(k, e)
	if err != nil {
		return nil, err
	}
	return erasedLattice[S]{s, k}, nil
}

func (k Kind[S]) decodeContent(b []byte) (erased, error) {
	s, err := k.Decode(b)
	if err != nil {
		return nil, corrupt(k.Name, err)
	}
	return erasedLattice[S]{s, k}, nil
}

// DecodeObject reads a frame of any causal kind, or of one of the given kinds, or
// of this package's own, which are known by their names. A frame of an unknown kind
// without a context is ErrKind: nothing can be merged into it, but it can be kept.
// Elements, keys and values of a kind that was not given are taken as they are.
func DecodeObject(frame []byte, kinds ...AnyKind) (*Object, error) {
	e, err := splitFrame(frame)
	if err != nil {
		return nil, err
	}
	return e.object(kinds)
}

func (e *envelope) object(kinds []AnyKind) (*Object, error) {
	o := &Object{kind: string(e.kind), version: e.version}
	if e.isCausal() {
		s, err := e.state()
		if err != nil {
			return nil, err
		}
		o.state = erasedCausal{s}
		return o, nil
	}
	k := kindNamed(o.kind, kinds)
	if k == nil {
		return nil, fmt.Errorf("%w: %s has no context and is not known here", ErrKind, e.kind)
	}
	var err error
	if o.state, err = k.decodeErased(e); err != nil {
		return nil, err
	}
	return o, nil
}

// kindNamed returns the kind of a lattice without a context, or nil.
func kindNamed(name string, kinds []AnyKind) AnyKind {
	for _, k := range kinds {
		if k.name() == name {
			return k
		}
	}
	return kindOf(name)
}

// Kind returns the name of the object's kind.
func (o *Object) Kind() string { return o.kind }

// Merge makes o the join of o and d and reports whether that changed o; see
// Lattice. Objects of different kinds do not merge: ErrKind.
func (o *Object) Merge(d *Object) (changed bool, err error) {
	if o.kind != d.kind {
		return false, fmt.Errorf("%w: %s into %s", ErrKind, d.kind, o.kind)
	}
	changed, ok := o.state.merge(d.state)
	if !ok {
		same, err := alike(o.state, d.state)
		if err != nil {
			return false, fmt.Errorf("%w: %s in two forms", err, o.kind)
		}
		changed, _ = o.state.merge(same)
	}
	o.version = max(o.version, d.version)
	if d.schema == nil {
		o.schema = nil // d may hold what the kind cannot
	}
	return changed, nil
}

// Clone returns a copy that shares nothing with o that either may change.
func (o *Object) Clone() *Object { return &Object{o.kind, o.version, o.state.clone(), o.schema} }

// AppendFrame appends the object as a frame.
func (o *Object) AppendFrame(b []byte) ([]byte, error) { return o.AppendFrameVersion(b, FrameVersion) }

// AppendFrameVersion appends the object as a frame of an older format; see the
// function of that name.
func (o *Object) AppendFrameVersion(b []byte, format int) ([]byte, error) {
	return o.state.appendFrame(b, header{format, o.kind, o.version})
}

// FrameKind returns the name of the kind of a frame, having checked the frame's
// envelope but not its content.
func FrameKind(frame []byte) (string, error) {
	e, err := splitFrame(frame)
	if err != nil {
		return "", err
	}
	return string(e.kind), nil
}
