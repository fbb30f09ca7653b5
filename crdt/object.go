package crdt

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

type node = kernel.Node

// object is what all causal types share: a place in a kernel state. A value of
// its own stands at the root; a view of a map value or field stands below and
// writes through. Err is set if the place could not be named (a codec refused
// the key): such a view reads as bottom and fails the transaction that writes.
type object struct {
	state *kernel.State
	path  []string
	err   error
}

func newObject() object { return object{state: kernel.New()} }

// at returns what stands in o now.
func (o *object) at() node {
	if o == nil || o.state == nil || o.err != nil {
		return node{}
	}
	return o.state.At(o.path)
}

// Segments of a path carry their role in the first byte.
const (
	roleKey     = 'k'
	roleField   = 'f'
	roleElement = 'e'
)

// segment returns the path segment of e in that role.
func segment[E any](role byte, c *Codec[E], e E) (string, error) {
	b, err := c.write([]byte{role}, e)
	return string(b), err
}

// below returns the place of seg in o.
func (o *object) below(seg string, err error) object {
	if o.err != nil {
		err = o.err
	}
	if err != nil {
		return object{state: o.state, err: err}
	}
	return object{state: o.state, path: append(slices.Clip(o.path), seg)}
}

// merge joins the whole states of two values of one type.
func merge[V causal](v, delta V) bool {
	d := delta.obj()
	if o := v.obj(); o != nil && (o.path != nil || o.err != nil) {
		panic("crdt: Merge into a view of a map value or field: merge the whole object instead")
	}
	state := ready(v)
	if d == nil || d.state == nil && d.err == nil {
		return false
	}
	if d.path != nil || d.err != nil {
		panic("crdt: Merge of a view of a map value or field: its context belongs to the whole object")
	}
	return state.Merge(d.state)
}

// ready returns the state of a value that is about to change, or nil of a view. A zero
// value gets one here, if its type needs nothing else.
func ready(v causal) *kernel.State {
	o := v.obj()
	if o == nil {
		panic(fmt.Sprintf("crdt: a nil %T cannot change: make one with the New of its kind", v))
	}
	if o.state == nil && o.err == nil {
		if t, ok := v.(interface{ needs() string }); ok {
			panic(fmt.Sprintf("crdt: a zero %T has no %s: make one with the New of its kind", v, t.needs()))
		}
		o.state = kernel.New()
	}
	return o.whole()
}

func equal[V causal](v, other V) bool { return v.obj().equal(other.obj()) }

// equal compares whole states, and of views what stands in them.
func (o *object) equal(p *object) bool {
	if o == nil || p == nil || o.state == nil || p.state == nil {
		return o.isBottom() && p.isBottom()
	}
	if o.path == nil && p.path == nil {
		return o.state.Equal(p.state)
	}
	return o.at().EqualContent(p.at())
}

// clone copies a whole state; of a view, what stands in it.
func (o *object) clone() object {
	if o.err != nil || o.state == nil {
		return object{state: kernel.New(), err: o.err}
	}
	return object{state: o.state.Sub(o.path)}
}

func (o *object) isBottom() bool {
	if o == nil || o.state == nil {
		return true
	}
	if o.path == nil && o.err == nil {
		return o.state.IsBottom()
	}
	return o.at().Below() == 0 && o.at().Bases() == 0
}

// whole returns the kernel state of a value that is not a view, or nil. That of nil
// and of a zero value is an empty one.
func (o *object) whole() *kernel.State {
	switch {
	case o == nil || o.state == nil && o.err == nil:
		return kernel.New()
	case o.path != nil || o.err != nil:
		return nil
	}
	return o.state
}

// causal is what every causal type has besides its own methods: a way to what it
// embeds, also of nil.
type causal interface{ obj() *object }

// nestable is the part of Nested that does not depend on the type.
type nestable[S any] interface {
	causal
	nest(o object) S
	schema() kernel.Schema
}
