// Package spec says what a causal object must show, as a function of the
// operations that are visible where it is read, and of nothing else: not of
// dots, contexts or messages. It is the oracle that implementations are held to.
//
// Operations are one of a few verbs on a path. An operation ends those that it
// names: what was live, in the view where it was issued, at the paths that it is
// about. A view shows what is visible and not ended by anything visible, unless
// a denial stands beside it. This definition holds in every view, also in one
// where a visible operation's past is missing; in a view that is causally closed
// it is the usual one: add wins, a remove removes what it saw; where a remove is a
// Deny, it wins.
package spec

import "strings"

// Verb is what an operation does.
type Verb uint8

// The verbs. Put ends what its view has at the path and puts a value there; Inc
// adds to the counter at the path; Kill ends everything at and below the path.
//
// Deny ends what its view has at the path and puts a denial there, beside which
// no value shows. Prune ends what its view has at the path; no user asks for it,
// so it must change nothing that a causally closed view shows.
const (
	Put Verb = iota
	Inc
	Kill
	Deny
	Prune
)

// Op is one operation of one replica on one object.
type Op struct {
	Verb    Verb
	Path    string // segments joined by slashes; "" is the whole object
	Value   string // of a Put
	N       int64  // of an Inc
	Replica int    // the writer, or rather its incarnation

	// Seen is what the reader saw on whose behalf the operation is done, if not
	// what its view shows: it ends operations of this set, and of its own
	// transaction, and no others. They need not be visible in its view. An Inc, which
	// ends nothing, and a Prune have none.
	Seen *Set
	// Own lets a Put end also what its view has of its own writer at the path,
	// whether in Seen or not.
	Own bool

	id      int
	ends    []int // operations that it ends
	carries []int // earlier increments that its total repeats
	closes  []int // increments of the writer's earlier runs; ends has them too
	past    Set   // what was visible where it was issued, or repeated by what was, or to its reader
	saw     Set   // what of that it was about
}

// ID returns the operation's number in its history.
func (o *Op) ID() int { return o.id }

// under reports whether path is p or below it.
func under(path, p string) bool {
	return p == "" || path == p || len(path) > len(p) && path[len(p)] == '/' && strings.HasPrefix(path, p)
}

// History is all operations on one object, in the order in which they were
// issued anywhere.
type History struct{ ops []*Op }

// Op returns an operation by its number.
func (h *History) Op(id int) *Op { return h.ops[id] }

// Len returns the number of operations.
func (h *History) Len() int { return len(h.ops) }
