package untyped

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// FrameVersion is the version of the frame format that is written, and the newest that
// is read. All from 2 on are read, and can be written for programs that read no newer
// one: see Object.AppendFrameVersion. FORMAT.md specifies them.
const FrameVersion = envelope.Version

// kind is a kind of package crdt behind the type of its values.
type kind = erased.Kind[*crdt.Tx, crdt.Source, crdt.Option]

// Object is a decoded frame whose Go type need not be known: it can be merged
// with others of its kind and written again. Causal objects of every kind can,
// because structure is apart from kind; lattices without a context need their
// kind (those of package crdt are known).
//
// The zero Object is none. An Object is not safe for concurrent use.
type Object struct {
	name    string // of the kind
	version int
	state   erased.State
	// Of is the kind. It is nil of a causal object that was not found to be of it. It is
	// byName if elements, keys and values are taken as they are, since no more than the
	// name is known.
	of     kind
	byName bool
}

// DecodeObject reads a frame of any causal kind, or of one of the given kinds, or
// of those of package crdt, which are known by their names. A frame of an unknown kind
// without a context is crdt.ErrKind: nothing can be merged into it, but it can be kept.
// Elements, keys and values of a kind that was not given are taken as they are.
func DecodeObject(frame []byte, kinds ...crdt.AnyKind) (*Object, error) {
	e, err := envelope.Split(frame)
	if err != nil {
		return nil, err
	}
	return decode(&e, kinds)
}

func decode(e *envelope.Frame, kinds []crdt.AnyKind) (*Object, error) {
	o := &Object{name: string(e.Kind), version: e.Version}
	if e.IsCausal() {
		s, err := e.State()
		if err != nil {
			return nil, err
		}
		o.state = erased.Causal{State: s}
		return o, nil
	}
	if o.of, o.byName = kindNamed(o.name, kinds); o.of == nil {
		return nil, fmt.Errorf("%w: %s has no context and is not known here", crdt.ErrKind, e.Kind)
	}
	var err error
	if o.state, err = o.of.DecodeFrame(e); err != nil {
		return nil, err
	}
	return o, nil
}

// kindNamed returns the kind of a lattice without a context, or nil.
func kindNamed(name string, kinds []crdt.AnyKind) (of kind, byName bool) {
	for _, k := range kinds {
		if of := k.Erased(); of.Name() == name {
			return of, false
		}
	}
	return knownKind(name)
}

// get returns the state of an object that was made.
func (o *Object) get() erased.State {
	if o == nil || o.state == nil {
		panic("crdt: a nil or zero Object: NewObject, ObjectOf and DecodeObject make them")
	}
	return o.state
}

// with returns an object of o's kind.
func (o *Object) with(s erased.State) *Object { return &Object{o.name, o.version, s, o.of, o.byName} }

// Kind returns the name of the object's kind.
func (o *Object) Kind() string { return o.name }

// Version returns the version of the kind that the object's frame will have.
func (o *Object) Version() int { return o.version }

// Clone returns a copy that shares nothing with o that either may change.
func (o *Object) Clone() *Object { return o.with(o.get().Clone()) }

// Memory returns about how many bytes of memory o takes, rather more than that. It is
// for a cache that has a limit. O(replicas and pages of o) for a causal type, else O(o).
func (o *Object) Memory() int { return objectMemory + o.state.Memory() }

// objectMemory is what an Object takes beside its state, in bytes.
const objectMemory = 128

// AppendFrame appends the object as a frame.
func (o *Object) AppendFrame(b []byte) ([]byte, error) { return o.AppendFrameVersion(b, FrameVersion) }

// AppendFrameVersion appends the object as a frame of an older format: while programs
// that do not read the newest still run, those that do write what all can read.
func (o *Object) AppendFrameVersion(b []byte, format int) ([]byte, error) {
	return o.get().AppendFrame(b, envelope.Header{Format: format, Kind: o.name, Version: o.version})
}

// Context returns a copy of the object's context, or nil if it has none.
func (o *Object) Context() *clock.Context {
	if c := o.BorrowContext(); c != nil {
		return c.Clone()
	}
	return nil
}

// BorrowContext returns the object's context itself, or nil if it has none. It belongs
// to the object: the caller must neither change it nor keep it beyond the object's next
// change.
func (o *Object) BorrowContext() *clock.Context {
	if c, ok := o.get().(erased.Causal); ok {
		return c.Context()
	}
	return nil
}

// Live returns the dots of what is live in o, empty for a lattice without a context.
// O(o).
func (o *Object) Live() *clock.Context {
	if c, ok := o.get().(erased.Causal); ok {
		return c.Live()
	}
	return &clock.Context{}
}

// FrameKind returns the name of the kind of a frame, having checked the frame's
// envelope but not its content.
func FrameKind(frame []byte) (string, error) {
	e, err := envelope.Split(frame)
	if err != nil {
		return "", err
	}
	return string(e.Kind), nil
}

// KindName returns the name of a kind.
func KindName(k crdt.AnyKind) string { return k.Erased().Name() }
