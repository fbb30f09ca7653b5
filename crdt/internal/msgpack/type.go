package msgpack

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// MaxDepth is how deep arrays and maps may stand in each other.
const MaxDepth = 64

// Type is how values of one Go type are written and read. It is safe for concurrent
// use.
type Type struct {
	of   reflect.Type
	form form
}

// A form writes and reads the values of a Go type.
type form interface {
	// write appends v.
	write(w *writer, v reflect.Value)
	// read reads a value into v, which is settable and zero. If v is invalid the
	// value is checked and not made.
	read(r *reader, v reflect.Value)
}

// Of returns the type of t, or an error that says what in t cannot be written or
// would not come back.
func Of(t reflect.Type) (*Type, error) { return new(types).of(t) }

// types is the Go types that were met, for what stands in interfaces.
type types struct{ known sync.Map }

func (ts *types) of(t reflect.Type) (*Type, error) {
	if known, ok := ts.known.Load(t); ok {
		return known.(*Type), nil
	}
	c := compiler{types: ts, made: make(map[reflect.Type]*Type)}
	typ, err := c.compile(t)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", t, err)
	}
	for _, made := range c.made {
		made.findZeros()
	}
	ts.known.Store(t, typ)
	return typ, nil
}

// Append appends v, of the type's Go type. It fails for values that have no bytes.
func (t *Type) Append(b []byte, v reflect.Value) ([]byte, error) {
	w := &writer{b: b}
	t.form.write(w, v)
	if w.err != nil {
		return nil, w.err
	}
	if err := t.Check(w.b[len(b):]); err != nil {
		return nil, err
	}
	return w.b, nil
}

// Check returns the error that Decode would return. It allocates no more than a
// multiple of what types that encode themselves do.
func (t *Type) Check(b []byte) error {
	r := newReader(b)
	t.form.read(r, reflect.Value{})
	return r.Done()
}

// Decode reads b into v, which is settable and zero. It keeps no reference to b.
func (t *Type) Decode(b []byte, v reflect.Value) error {
	if err := t.Check(b); err != nil {
		return err
	}
	r := newReader(b)
	t.form.read(r, v)
	return r.Done()
}

// writer appends to b until something has no bytes.
type writer struct {
	b     []byte
	depth int
	err   error
}

func (w *writer) failf(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// enter is to be called before what stands in an array or map, and leave behind it.
// It stops at values that stand in themselves.
func (w *writer) enter() bool {
	if w.depth++; w.depth > MaxDepth {
		w.failf("nested deeper than %d", MaxDepth)
	}
	return w.err == nil
}

func (w *writer) leave() { w.depth-- }

// reader reads a value of so many bytes.
type reader struct {
	wire.Reader
	all   []byte
	depth int
	keys  int // how many keys of maps are being read, one in another
	maps  int // how many were read that are not empty
}

func newReader(b []byte) *reader { return &reader{Reader: *wire.NewReader(b), all: b} }

// enter is the writer's, of what is read.
func (r *reader) enter() bool {
	if r.depth++; r.depth > MaxDepth {
		r.Failf("nested deeper than %d", MaxDepth)
	}
	return r.Err() == nil
}

func (r *reader) leave() { r.depth-- }

// A Go map of one entry takes some 340 bytes, and as few as three in MessagePack, so
// maps must not be more than two for each seven bytes of the whole value, and some.
const (
	mapsFree   = 16
	mapsInMany = 2
	mapsOfMany = 7
)

// countMap counts a map that is not empty.
func (r *reader) countMap() {
	if r.maps++; (r.maps-mapsFree)*mapsOfMany > mapsInMany*len(r.all) {
		r.Failf("%d maps in a value of %d bytes", r.maps, len(r.all))
	}
}
