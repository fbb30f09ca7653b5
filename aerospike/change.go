package aerospike

import (
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// A change is what one transaction did to one object, from the moment at which its
// events are numbered until the ledger lets go of it. It is one value, with one row
// in the journal, and the ledger owns it: all that changes of it is under ledger.mu.
//
//		            ┌───────────────┬──► refused
//		            │               │
//		numbered ──► sent ──────────┼──► kept ──────► forgotten
//		                            │     ▲
//		                            └──► doubted ──► dropping ──► dropped ──► forgotten
//
//	  - numbered: the transaction has run. The row is on its way to the journal, and
//	    nothing has been sent.
//	  - sent: the row is durable (or there is no journal), so the cluster may have the
//	    change. The Update that made it waits, and nobody else decides about it.
//	  - refused: by the Update, which knows that the cluster never had the change and
//	    that nothing was numbered on the object since. The row goes, and the numbers
//	    count as never used. A change that was doubted once is never refused.
//	  - doubted: by the Update, which cannot learn what became of it, or cannot take its
//	    numbers back. The caller gets the InDoubtError. From here the engine
//	    in the background, Retry and Abandon may decide, and whoever is first does.
//	  - kept: the cluster acknowledged the change before anybody abandoned it.
//	  - dropping: Abandon, and nobody else. From now on the revocation is merged and
//	    never the change itself, whoever retries; what an earlier attempt still brings
//	    to the cluster is dead there on arrival.
//	  - dropped: the cluster acknowledged the revocation.
//
// Nobody is told of kept, dropping or dropped before the row says so on the disk. The
// ledger keeps a kept or dropped change for Config.KeepTime, to merge it, or its
// revocation, again if the cluster loses it; then its row goes.
//
// The next process finds: nothing of a refused change; a numbered or sent one, which
// it takes for doubted before it does anything else, if it goes on as the same replica,
// and else deletes, since it may have been refused after the journal was copied; a doubted
// one, which it merges; the others as they are, and it goes on dropping what is not
// dropped yet.
type change struct {
	// These never change.
	ticket ticket
	key    string
	entry  layout.Entry
	by     issuer // the zero value: somebody else, or the process before
	events numbered

	// These are under ledger.mu.
	state      changeState
	resolved   time.Time // when it was kept or dropped
	revocation *revocation
	row        []byte // its value in the journal, nil without one
	rowKey     [9]byte
	round      *round // that brings the row to the disk
	durable    bool   // a row of it is there, and what else journalQueue.add puts

	// The object whose transactions build on it, until it is resolved; nil for what
	// this process did not number.
	object *object
	value  *value
	delta  *untyped.Object
}

// ticket names a change in the ledger and in the journal.
type ticket uint64

// changeState is the state of a change, as it stands in its row too.
type changeState uint8

const (
	stateNumbered changeState = iota
	stateSent                 // in a row: numbered
	stateDoubted
	stateKept
	stateDropping
	stateDropped
	stateRefused // in no row
)

// String returns the state's name.
func (s changeState) String() string {
	switch s {
	case stateNumbered:
		return "numbered"
	case stateSent:
		return "sent"
	case stateDoubted:
		return "doubted"
	case stateKept:
		return "kept"
	case stateDropping:
		return "dropping"
	case stateDropped:
		return "dropped"
	case stateRefused:
		return "refused"
	}
	return fmt.Sprintf("changeState(%d)", uint8(s))
}

// isOpen reports whether somebody may yet decide about a change in that state, or
// has to finish what was decided, without the Update that made it.
func (s changeState) isOpen() bool { return s == stateDoubted || s == stateDropping }

// isResolved reports whether the cluster has acknowledged what a change in that state
// came to.
func (s changeState) isResolved() bool { return s == stateKept || s == stateDropped }

// revocation is the delta that takes a change back by name.
type revocation struct {
	delta *untyped.Object
	entry layout.Entry
}

// revoke returns the revocation of a delta. It follows from the delta alone, so the
// journal has none.
func revoke(delta *untyped.Object) (*revocation, error) {
	r, ok := delta.Revoke()
	if !ok {
		return nil, store.ErrCannotAbandon
	}
	frame, err := r.AppendFrame(nil)
	if err != nil {
		return nil, err
	}
	return &revocation{delta: r, entry: layout.NewEntryExcept(frame, r.Context())}, nil
}

// isOurs reports whether this process numbered the change, and remembers its object.
func (c *change) isOurs() bool { return c.by.replica != nil }

// size returns the bytes that the ledger counts for a change.
func (c *change) size() int { return len(c.entry.Frame) + len(c.key) }

// issuer says who issued a change, and on which object: the replica, and the hash of the
// object's key. Kind is the object's kind if its type has no context, and else empty. The
// zero value stands for a replica that is not of this process.
type issuer struct {
	replica *replica
	hash    uint64
	kind    string
}
