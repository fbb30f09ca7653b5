package msgpack

import "github.com/dovetail-crdt/dovetail/clock/wire"

// reader walks over a value and makes nothing of it.
type reader struct {
	wire.Reader
	all []byte
	// canonicalizing: the reader brings bytes that the library wrote to their one form,
	// and does not ask whether a Go value can be made of them.
	canonicalizing bool

	depth int
	keys  int // how many keys of maps the reader is in
	maps  int // how many maps it met that are not empty
}

func newReader(b []byte) *reader { return &reader{Reader: *wire.NewReader(b), all: b} }

// A form walks over a value of one Go type, or fails the reader.
type form func(*reader)

// enter is called before what stands in an array or map, and leave behind it.
func (r *reader) enter() {
	if r.depth++; r.depth > MaxDepth {
		r.Failf("nested deeper than %d", MaxDepth)
	}
}

func (r *reader) leave() { r.depth-- }

// list walks over n elements.
func (r *reader) list(n int, elem form) {
	r.enter()
	for i := 0; i < n && r.Err() == nil; i++ {
		elem(r)
	}
	r.leave()
}

// expect reads the head of a value of that kind.
func (r *reader) expect(k kind) token {
	t := r.next()
	if r.Err() == nil && t.kind != k {
		r.Failf("%v where %v must be", t.kind, k)
	}
	return t
}

// isNil reads nil, if that is what comes.
func (r *reader) isNil() bool {
	if r.Len() > 0 && r.all[r.Offset()] == headNil {
		r.Byte()
		return true
	}
	return false
}

// untyped is the form of a value of any type, such as an empty interface holds.
func untyped(r *reader) {
	t := r.next()
	isKey := r.keys > 0 && !r.canonicalizing
	switch {
	case isKey && (t.kind == array || t.kind == dict || t.kind == bin):
		r.Failf("%v where the key of a Go map must be", t.kind)
	case t.kind == array:
		r.list(t.size(), untyped)
	case t.kind == dict && !r.canonicalizing:
		r.entries(t.size(), untyped, untyped, true)
	case t.kind == dict:
		r.sortEntries(t.size())
	}
}
