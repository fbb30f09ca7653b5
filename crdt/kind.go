package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Kind is the registered form of a type: its name and version, how to make an
// empty one, and its content as bytes. AWSetKind, CounterKind and the like make the
// kinds of this package; for a lattice of your own fill in all fields: what uses one
// that is not whole panics.
//
// The name says everything that decides the bytes, such as "awset<string>":
// frames of another name are another kind. Append appends the canonical content
// of a value (equal values, equal bytes); Decode reads exactly that, keeps no
// reference to it, and must refuse anything else with an error, in time and
// memory bounded by its length.
//
// Version, from 1 to 127, is that of the content that Append writes and Decode
// reads. A type whose content changes raises it and reads the old one in
// DecodeOther, which may be nil and is called for frames of all other versions;
// it returns an error that matches ErrVersion for those that it does not know.
// While old programs run, a new one can write version n and read n+1 there.
type Kind[S Lattice[S]] struct {
	Name        string
	Version     int
	New         func() S
	Append      func(b []byte, s S) ([]byte, error)
	Decode      func(b []byte) (S, error)
	DecodeOther func(b []byte, version int) (S, error)

	causal *causalForm[S] // of the causal types
}

// causalForm is what decoding a causal type needs, made once.
type causalForm[S any] struct {
	nest   func(o object) S
	schema kernel.Schema
}

// declared returns the name of a kind. It panics unless all is there.
func (k *Kind[S]) declared() string {
	declared(envelope.CheckName("kind name", k.Name))
	if k.Version < 1 || k.Version > envelope.FixMax {
		panic(fmt.Sprintf("crdt: version %d of kind %s: want 1 to %d", k.Version, k.Name, envelope.FixMax))
	}
	if k.New == nil || k.Append == nil || k.Decode == nil {
		panic(fmt.Sprintf("crdt: kind %s has no New, no Append or no Decode: fill in all of them", k.Name))
	}
	return k.Name
}

// decode reads the content of a frame of that version of the kind.
func (k *Kind[S]) decode(b []byte, version int) (S, error) {
	switch {
	case version == k.Version:
		return k.Decode(b)
	case k.DecodeOther != nil:
		return k.DecodeOther(b, version)
	}
	var none S
	return none, k.unknown(version)
}

func (k *Kind[S]) unknown(version int) error {
	return fmt.Errorf("%w: %s version %d, known %d", ErrVersion, k.Name, version, k.Version)
}

// kindVersion is the version of the content of the kinds of this package.
const kindVersion = 1

// causalKind returns the kind of a causal type; proto is an empty value of it.
func causalKind[S Nested[S]](name string, proto S) Kind[S] {
	declared(envelope.CheckName("kind name", name))
	if n := depthOf(proto); n > kernel.MaxDepth {
		panic(fmt.Sprintf("crdt: %s is %d levels deep: at most %d", name, n, kernel.MaxDepth))
	}
	form := &causalForm[S]{proto.nest, proto.schema()}
	return Kind[S]{
		Name:    name,
		Version: kindVersion,
		New:     func() S { return proto.nest(newObject()) },
		Append:  func(b []byte, s S) ([]byte, error) { return envelope.AppendContent(b, any(s).(causal).obj().whole()) },
		Decode: func(b []byte) (S, error) {
			state, err := envelope.DecodeContent(b)
			if err != nil {
				return proto, err
			}
			return form.accept(state)
		},
		causal: form,
	}
}

// form returns the form of a causal kind, or nil.
func (k *Kind[S]) form() *causalForm[S] {
	if k.causal != nil {
		return k.causal
	}
	var none S
	if _, ok := any(none).(nestable[S]); ok { // a Kind that was not made by this package
		proto := any(k.New()).(nestable[S])
		return &causalForm[S]{proto.nest, proto.schema()}
	}
	return nil
}

// accept returns the value of a state that was decoded, if the type can hold it.
func (f *causalForm[S]) accept(s *kernel.State) (v S, err error) {
	if err := s.Validate(f.schema); err != nil {
		return v, err
	}
	return f.nest(object{state: s}), nil
}

// depthOf returns how many segments the paths of a causal type have at most.
func depthOf(proto any) int {
	if d, ok := proto.(interface{ depth() int }); ok {
		return d.depth()
	}
	return 0
}
