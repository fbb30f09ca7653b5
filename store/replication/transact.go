package replication

import (
	"errors"
	"fmt"
	"sync"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Join returns the value of an object from its frames; see JoinObject.
func Join[S crdt.Lattice[S]](k crdt.Kind[S], key string, frames [][]byte) (S, error) {
	o, err := JoinObject(k, key, frames)
	if err != nil {
		return k.New(), err
	}
	s, err := untyped.ValueOf(k, o)
	if err != nil {
		return k.New(), &KeyError{key, err}
	}
	return s, nil
}

// JoinObject returns the object of kind k from the frames of its key; see
// untyped.FrameSet.Object. A damaged frame is an error, too.
func JoinObject(k crdt.AnyKind, key string, frames [][]byte) (*untyped.Object, error) {
	var set untyped.FrameSet
	for _, f := range frames {
		if _, err := set.Add(f, k); errors.Is(err, crdt.ErrCorrupt) {
			return nil, &KeyError{key, err}
		}
	}
	o, err := set.Object(k)
	if err != nil {
		return nil, &KeyError{key, err}
	}
	return o, nil
}

// Transaction is one change of one object in the terms of a core. It is what a
// driver and a simulator share.
type Transaction struct {
	Core *Core
	Key  string
	// Clock stamps writes.
	Clock *clock.HLC
	// Reserve has the core reserve n more event numbers, if it has run out, and takes
	// its Ready; nil lets the transaction fail with ErrReserve. It is called with Lock
	// held.
	Reserve func(n int) error
	// Commit, if set, takes what the core has ready. It is called with Lock held, right
	// after the core took the change.
	Commit func() error
	// Lock, if set, is held while the transaction uses Core and Clock, which is
	// not while the object is decoded or the user's function runs.
	Lock sync.Locker

	first clock.Event
	n     int
}

// Run mutates the object of kind k that frames hold and gives the change to the core,
// whose next batch makes it durable. It returns the object after the change and the
// events that it is: none if fn changed nothing.
func (t *Transaction) Run(k crdt.AnyKind, frames [][]byte, fn func(*crdt.Tx, *untyped.Object) error, opts ...crdt.Option) (*untyped.Object, []clock.Event, error) {
	o, err := JoinObject(k, t.Key, frames)
	if err != nil {
		return nil, nil, err
	}
	delta, err := o.Mutate(source{t}, fn, opts...)
	if err != nil {
		t.burn()
		return nil, nil, err
	}
	if delta == nil {
		return o, nil, nil
	}
	frame, err := delta.AppendFrame(nil)
	if err != nil {
		t.burn()
		return nil, nil, &KeyError{t.Key, err}
	}
	t.locked(func() {
		if t.Core.Local(t.Key, t.first, t.n, frame); t.Commit != nil {
			err = t.Commit()
		}
	})
	if err != nil {
		return nil, nil, err
	}
	events := make([]clock.Event, t.n)
	for i := range events {
		events[i] = t.first
		if i > 0 {
			events[i].Dot.Seq += uint64(i)
			events[i].After = events[i-1].Dot.Seq
		}
	}
	return o, events, nil
}

// Run is Transaction.Run on a value of a known type.
func Run[S crdt.Lattice[S]](t *Transaction, k crdt.Kind[S], frames [][]byte, fn func(*crdt.Tx, S) error) (S, []clock.Event, error) {
	o, events, err := t.Run(k, frames, untyped.On(k, fn))
	if err != nil {
		return k.New(), nil, err
	}
	s, err := untyped.ValueOf(k, o)
	return s, events, err
}

// burn retires numbers that were issued in vain.
func (t *Transaction) burn() {
	if t.n > 0 {
		t.locked(func() { t.Core.Burn(t.first, t.n) })
	}
}

func (t *Transaction) locked(f func()) {
	if t.Lock != nil {
		t.Lock.Lock()
		defer t.Lock.Unlock()
	}
	f()
}

// source is the crdt.Source of a transaction.
type source struct{ t *Transaction }

func (s source) Replica() clock.ReplicaID { return s.t.Core.Replica() } // which never changes

func (s source) Stamp(over ...clock.Timestamp) (t clock.Timestamp) {
	s.t.locked(func() { t = s.t.Clock.Stamp(over...) })
	return t
}

// Doubt is 0: what this store did it knows, since a write whose outcome it does
// not know ends the process.
func (s source) Doubt() uint64 { return 0 }

func (s source) Issue(n int) (ev clock.Event, err error) {
	s.t.locked(func() { ev, err = s.t.issue(n) })
	return ev, err
}

func (t *Transaction) issue(n int) (clock.Event, error) {
	ev, err := t.Core.Issue(t.Key, n)
	if errors.Is(err, ErrReserve) && t.Reserve != nil {
		if err := t.Reserve(n); err != nil {
			return ev, fmt.Errorf("reserve %d events: %w", n, err)
		}
		ev, err = t.Core.Issue(t.Key, n)
	}
	if err != nil {
		return ev, err
	}
	ev.Time = t.Clock.Now()
	t.first, t.n = ev, n
	return ev, nil
}
