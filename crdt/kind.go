package crdt

// Kind is the registered form of a type: its name and version, how to make an
// empty one, and its content as bytes. AWSetOf, CounterKind and the like make the
// kinds of this package; for a lattice of your own fill in all fields.
//
// The name says everything that decides the bytes, such as "awset<string>":
// frames of another name are another kind. Append appends the canonical content
// of a value (equal values, equal bytes); Decode reads exactly that, keeps no
// reference to it, and must refuse anything else with an error, in time and
// memory bounded by its length.
type Kind[S Lattice[S]] struct {
	Name    string
	Version int
	New     func() S
	Append  func(b []byte, s S) ([]byte, error)
	Decode  func(b []byte) (S, error)
}

// kindVersion is the version of the content of the kinds of this package.
const kindVersion = 1

// causalKind returns the kind of a causal type; proto is an empty value of it.
func causalKind[S Nested[S]](name string, proto S) Kind[S] {
	k := Kind[S]{
		Name:    name,
		Version: kindVersion,
		New:     func() S { return proto.nest(newObject()) },
	}
	k.Append = func(b []byte, s S) ([]byte, error) { return appendContent(b, any(s).(causal).whole()) }
	k.Decode = func(b []byte) (S, error) {
		state, err := decodeContent(b)
		if err != nil {
			return proto, err
		}
		s := proto.nest(object{state: state})
		return s, state.Validate(s.schema())
	}
	return k
}
