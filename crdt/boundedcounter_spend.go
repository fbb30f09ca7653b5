package crdt

import (
	"errors"
	"fmt"
	"math"

	"github.com/dovetail-crdt/dovetail/clock"
)

// A mutator of a BoundedCounter that returns an error has changed nothing, and the
// transaction can go on; return the error to undo all of it.

// OverdraftError is returned when a replica lacks the rights, or in Grant and
// TransferRoom the room, that it would need. If Elsewhere has enough, ask its
// holders (Rights, Room) for a transfer: that is a message between programs and no
// part of the state.
type OverdraftError struct {
	Want      uint64
	Here      uint64 // held by this replica
	Elsewhere uint64 // held by all others, as far as is seen here
}

// Error implements error.
func (e *OverdraftError) Error() string {
	return fmt.Sprintf("crdt: overdraft: %d wanted, %d here, %d elsewhere", e.Want, e.Here, e.Elsewhere)
}

// RowError is returned when a replica cannot vouch for what it knows of its own
// past on a BoundedCounter, so that it must not decide anything.
type RowError struct {
	Replica clock.ReplicaID
	// Doubt is the number of the last event that is in doubt (Source.Doubt). It is 0
	// if the value shows that it lacks something that the replica built on: a record
	// was rolled back, or a copy is spending.
	Doubt uint64
}

// Error implements error.
func (e *RowError) Error() string {
	if e.Doubt > 0 {
		return fmt.Sprintf("crdt: bounded counter: event %v.%d is in doubt", e.Replica, e.Doubt)
	}
	return fmt.Sprintf("crdt: bounded counter: the value is behind what %v did to it", e.Replica)
}

// ErrStarted is matched by the error of a second Start, and by that of Grant when
// two replicas did Start a counter with an upper bound, each with all of the room.
var ErrStarted = errors.New("crdt: bounded counter was started before")

// Start makes value, which is between the bounds, the first value of the counter
// and gives this replica all rights and all room. Exactly one incarnation may call
// it, once, before anything else; a replica that sees the counter in use is
// refused with ErrStarted. Two that do it without seeing each other create
// everything twice: then the value can be above the upper bound, which reads hide
// and Grant refuses to go on with.
func (c *BoundedCounter) Start(tx *Tx, value int64) error {
	id, err := c.self(tx)
	switch {
	case err != nil:
		return err
	case value < c.bounds.lower || value > c.bounds.upper:
		return fmt.Errorf("crdt: bounded counter: start at %d, outside %d and %d", value, c.bounds.lower, c.bounds.upper)
	case len(c.cells) > 0:
		return fmt.Errorf("%w: its value is %d", ErrStarted, c.Value())
	}
	delta := c.delta()
	if c.bounds.limited {
		delta.cells[cell{by: id, what: cellRoom}] = c.bounds.span()
	}
	if n := uint64(value) - uint64(c.bounds.lower); n > 0 {
		delta.cells[cell{by: id, what: cellGranted}] = n
	}
	Record(tx, c, delta)
	return nil
}

// Grant raises the value by n and gives this replica the rights to spend as much.
// Below an upper bound that takes n of its room, or the error is an
// *OverdraftError; without one the error matches ErrOverflow if the value that
// this replica sees would leave the range of int64.
func (c *BoundedCounter) Grant(tx *Tx, n uint64) error {
	if c.bounds.limited {
		if c.starts() > 1 {
			return fmt.Errorf("%w, twice", ErrStarted)
		}
		return c.change(tx, room, n, cell{what: cellGranted})
	}
	id, err := c.self(tx)
	switch {
	case err != nil:
		return err
	case n > c.Grantable(id):
		return fmt.Errorf("%w: %d + %d", ErrOverflow, c.Value(), n)
	}
	delta := c.delta()
	if err := c.raise(delta, cell{by: id, what: cellGranted}, n); err != nil {
		return err
	}
	Record(tx, c, delta)
	return nil
}

// Spend lowers the value by n. If this replica holds fewer rights the error is an
// *OverdraftError.
func (c *BoundedCounter) Spend(tx *Tx, n uint64) error {
	return c.change(tx, rights, n, cell{what: cellSpent})
}

// Transfer hands n rights of this replica to another, which can spend them when it
// sees that. Rights given to an id that nobody has are lost.
func (c *BoundedCounter) Transfer(tx *Tx, to clock.ReplicaID, n uint64) error {
	return c.change(tx, rights, n, cell{to: to, what: cellTransfer})
}

// TransferRoom hands n of this replica's room below the upper bound to another.
// Without an upper bound there is none to hand over, and that is an error.
func (c *BoundedCounter) TransferRoom(tx *Tx, to clock.ReplicaID, n uint64) error {
	if !c.bounds.limited {
		return errors.New("crdt: bounded counter: transfer of room below an upper bound that there is not")
	}
	return c.change(tx, room, n, cell{to: to, what: cellMoved})
}

// Close hands all rights and room of this replica to heir: a replica that lives
// on, or the id that this one's successor will have, drawn before the close and
// kept with the proof that it closed. It is the last thing that an incarnation
// should do to the counter; what reaches it later is stranded until it closes
// again. Closed with nothing to hand over, it changes nothing.
func (c *BoundedCounter) Close(tx *Tx, heir clock.ReplicaID) error {
	id, err := c.self(tx)
	if err != nil {
		return err
	}
	delta := c.delta()
	if err := c.take(delta, id, rights, c.Spendable(id), cell{to: heir, what: cellTransfer}); err != nil {
		return err
	}
	if c.bounds.limited {
		if err := c.take(delta, id, room, c.Grantable(id), cell{to: heir, what: cellMoved}); err != nil {
			return err
		}
	}
	Record(tx, c, delta)
	return nil
}

// change is the transaction of taking n of e for what k counts.
func (c *BoundedCounter) change(tx *Tx, e escrow, n uint64, k cell) error {
	id, err := c.self(tx)
	if err != nil {
		return err
	}
	delta := c.delta()
	if err := c.take(delta, id, e, n, k); err != nil {
		return err
	}
	Record(tx, c, delta)
	return nil
}

// take puts into delta that id takes n from what it holds in e for what k counts.
func (c *BoundedCounter) take(delta *BoundedCounter, id clock.ReplicaID, e escrow, n uint64, k cell) error {
	if k.by = id; k.isTransfer() && (!k.to.IsValid() || k.to == id) {
		return fmt.Errorf("crdt: bounded counter: transfer from %v to %v", id, k.to)
	}
	held := c.holdings(e)
	if here := held[id].left(); n > here {
		var others balance
		for o, b := range held {
			if o != id {
				others.add(b.left())
			}
		}
		return &OverdraftError{Want: n, Here: here, Elsewhere: others.left()}
	}
	return c.raise(delta, k, n)
}

// raise puts into delta that the total of k is n larger.
func (c *BoundedCounter) raise(delta *BoundedCounter, k cell, n uint64) error {
	total := c.cells[k]
	switch {
	case n == 0:
		return nil
	case n > math.MaxUint64-total:
		return fmt.Errorf("%w: total of %v is %d, +%d", ErrOverflow, k.by, total, n)
	}
	delta.cells[k] = total + n
	return nil
}

// self returns the replica of the transaction, if it can vouch for its own cells.
func (c *BoundedCounter) self(tx *Tx) (clock.ReplicaID, error) {
	mustBeMade(c.cells != nil, "BoundedCounter")
	tx.about(c)
	id := tx.Replica()
	if d := tx.src.Doubt(); d > 0 {
		return id, &RowError{Replica: id, Doubt: d}
	}
	if c.holdings(rights)[id].negative() || c.bounds.limited && c.holdings(room)[id].negative() {
		return id, &RowError{Replica: id}
	}
	return id, nil
}

// delta returns an empty one.
func (c *BoundedCounter) delta() *BoundedCounter {
	return &BoundedCounter{c.bounds, make(map[cell]uint64)}
}

// starts counts the replicas that did Start.
func (c *BoundedCounter) starts() (n int) {
	for k := range c.cells {
		if k.what == cellRoom {
			n++
		}
	}
	return n
}
