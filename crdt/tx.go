package crdt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Source issues the events of one replica on one object. A store is one, and
// Writer is one for values that are kept without a store. Mutate calls it from
// one goroutine.
type Source interface {
	// Replica returns the replica whose events these are. It never changes.
	Replica() clock.ReplicaID
	// Stamp returns the time of a write that overwrites values of the given
	// times; see clock.HLC.Stamp.
	Stamp(over ...clock.Timestamp) clock.Timestamp
	// Doubt returns the largest number among the replica's events on this object whose
	// effects the state may lack although others may have them, or 0. Events whose effects
	// the state has do not count, also if nobody knows whether others have them. Counters
	// start a new run above it. When it grows it is the replica's last event on the object,
	// or more: a doubt about the middle of what is known is refused (ErrClaim).
	Doubt() uint64
	// Issue numbers n consecutive events and returns the first, with the claim
	// that no other event of the replica on this object lies in (After, Seq).
	// Numbers are never issued twice, whatever happens afterwards.
	Issue(n int) (clock.Event, error)
}

// Tx is a running transaction. It belongs to the function that Mutate called, on
// its goroutine, and ends when that function returns; using it later panics.
type Tx struct {
	src  Source // never nil
	kern *kernel.Tx
	on   *kernel.State
	rec  any // the delta recorded so far for a lattice that is not causal
	of   any // the value that it is a delta of
	err  error
	done bool
	rest bool // while a transaction on a part of the value runs

	seen    *kernel.ReadContext // what it may end, or nil: all that the replica shows
	missing *clock.Context      // what of that the replica does not know, or nil
	wrote   int                 // bytes, as weigh counts them
	under   []string            // the path that was counted last
}

// Mutate runs fn, which changes s by calling the mutators of s (and of views
// inside it) with the transaction, and returns the one minimal delta of all that
// it did. Merging the delta anywhere has the effect of the whole transaction:
// it is atomic, wherever it arrives.
//
// If fn returns an error or panics, or if a mutator failed (see Counter.Add), s
// is as before and no event is burned; the cost is that of what was done. A
// transaction that changes nothing issues no event and returns a bottom delta:
// the zero S if s is not a causal type.
//
// The delta is the caller's and shares nothing with s that either may change.
//
// Without options a transaction overwrites and removes what s shows. Seen and
// SeenSnapshot make it act on what a reader saw instead.
//
// For a lattice that is not a causal type, fn is given a copy of s (O(state)),
// and s itself changes only at the end.
func Mutate[S Lattice[S]](s S, src Source, fn func(*Tx, S) error, opts ...Option) (delta S, err error) {
	if err := checkSource(src); err != nil {
		return delta, err
	}
	if c, ok := any(s).(nestable[S]); ok {
		var of kernel.Schema
		if len(opts) > 0 { // what a reader saw is checked against it
			of = c.schema()
		}
		state, err := mutateState(ready(c), of, src, func(tx *Tx) error { return fn(tx, s) }, opts)
		if err != nil {
			return delta, err
		}
		return c.nest(object{state: state}), nil
	}
	delta, _, err = mutateRecorded(s, src, fn)
	return delta, err
}

func checkSource(src Source) error {
	if src == nil {
		panic("crdt: Mutate without a source: a Writer is one, and so is a store")
	}
	if !src.Replica().IsValid() {
		return errors.New("crdt: Mutate: the source has no replica id")
	}
	return nil
}

// mutateState runs a transaction on a causal state and returns its delta, which is
// bottom if nothing has changed. Schema is that of the state; without options it is not
// needed.
func mutateState(state *kernel.State, schema kernel.Schema, src Source, fn func(*Tx) error, opts []Option) (delta *kernel.State, err error) {
	if state == nil {
		return nil, errors.New("crdt: Mutate of a view: mutate the whole object, and reach the view inside")
	}
	tx := &Tx{src: src, kern: state.Begin(src.Replica(), src.Doubt()), on: state}
	defer func() {
		tx.done = true
		if tx.kern.On(state) { // an error or a panic
			tx.kern.Rollback()
		}
	}()
	if len(opts) > 0 {
		if err := tx.see(schema, opts); err != nil {
			return nil, err
		}
	}
	if err := tx.run(func() error { return fn(tx) }); err != nil {
		return nil, err
	}
	if err := tx.kern.Fault(); err != nil {
		return nil, fmt.Errorf("crdt: %w", err)
	}
	n := tx.kern.Events()
	if n == 0 {
		return kernel.New(), nil
	}
	ev, err := issue(src, n)
	if err != nil {
		return nil, err
	}
	d, err := tx.kern.Commit(ev.Dot.Seq, ev.After)
	if err != nil {
		return nil, fmt.Errorf("crdt: %w", err)
	}
	return d, nil
}

func mutateRecorded[S Lattice[S]](s S, src Source, fn func(*Tx, S) error) (delta S, changed bool, err error) {
	if isNil(s) {
		panic(fmt.Sprintf("crdt: a nil %T cannot change: make one with the New of its kind", s))
	}
	work, before := s.Clone(), s.Clone()
	tx := &Tx{src: src, of: work}
	defer func() { tx.done = true }()
	if err := tx.run(func() error { return fn(tx, work) }); err != nil || tx.rec == nil {
		return delta, false, err
	}
	delta = tx.rec.(S)
	if !s.Equal(before) {
		panic(fmt.Sprintf("crdt: the %T was changed by others while a transaction on it ran", s))
	}
	if _, err := issue(src, 1); err != nil {
		return *new(S), false, err
	}
	s.Merge(delta)
	return delta, true, nil
}

func issue(src Source, n int) (clock.Event, error) {
	ev, err := src.Issue(n)
	switch {
	case err != nil:
		return ev, fmt.Errorf("crdt: %d events of %v: %w", n, src.Replica(), err)
	case !ev.IsValid() || ev.Dot.Replica != src.Replica() || uint64(n-1) > clock.MaxSeq-ev.Dot.Seq:
		return ev, fmt.Errorf("crdt: the source of %v issued %d events from %v after %d", src.Replica(), n, ev.Dot, ev.After)
	}
	return ev, nil
}

// run calls fn and returns its error, or else that of a mutator.
func (tx *Tx) run(fn func() error) error {
	if err := fn(); err != nil {
		return err
	}
	return tx.err
}

// Record merges delta, a state that the caller made, into s and into the delta of
// the transaction. It is the one call that a lattice of your own needs in its
// mutators. S must be the value that Mutate gave to the function.
func Record[S Lattice[S]](tx *Tx, s, delta S) {
	tx.about(s)
	if !s.Merge(delta) {
		return
	}
	if tx.rec == nil {
		tx.rec = delta.Clone()
		return
	}
	tx.rec.(S).Merge(delta)
}

// about checks that the transaction is one on s.
func (tx *Tx) about(s any) {
	tx.check()
	if tx.of != s {
		panic(fmt.Sprintf("crdt: change of a %T that this transaction is not about", s))
	}
}

// part runs fn on work, a copy of a part of the value that tx is about, as a
// transaction of its own, and returns the delta that it recorded there, if any. Tx
// rests meanwhile. A mutator's failure is that of tx too.
func part[S Lattice[S]](tx *Tx, work S, fn func(*Tx, S) error) (delta S, changed bool, err error) {
	tx.check()
	sub := &Tx{src: tx.src, of: work, wrote: tx.wrote}
	tx.rest = true
	defer func() {
		sub.done, tx.rest, tx.wrote = true, false, sub.wrote
		if sub.err != nil {
			tx.Fail(sub.err)
		}
	}()
	if err = sub.run(func() error { return fn(sub, work) }); err == nil {
		delta, changed = sub.rec.(S)
	}
	return delta, changed, err
}

// Replica returns the replica whose transaction it is. A lattice of your own that keeps
// something for each replica asks for it here: a store remembers what a transaction wrote
// that did, since the replica must go on from there.
func (tx *Tx) Replica() clock.ReplicaID {
	tx.check()
	return tx.src.Replica()
}

// Fail makes the transaction end with err, unless it has failed already, and
// undoes it. It is for mutators of lattices of your own that cannot do what they
// were asked to.
func (tx *Tx) Fail(err error) {
	tx.check()
	if tx.err == nil {
		tx.err = err
	}
}

func (tx *Tx) check() {
	if tx == nil || tx.src == nil {
		panic("crdt: a nil or zero transaction: Mutate makes them")
	}
	if tx.done {
		panic("crdt: transaction used after its end")
	}
	if tx.rest {
		panic("crdt: transaction used while one on a part of its value runs: use that one")
	}
}

// open returns the kernel's transaction for a change of o, or nil if the
// transaction has failed by now.
func (tx *Tx) open(o *object) *kernel.Tx {
	tx.check()
	if tx.on != o.state {
		panic("crdt: a value of another object changed in this transaction")
	}
	if o.err != nil {
		tx.Fail(o.err)
	}
	if tx.err != nil {
		return nil
	}
	return tx.kern
}

// openPart is open for a change that ends something of a part of the object: one
// on behalf of a reader whose replica knows more than this one cannot know what
// of the rest belongs to the part.
func (tx *Tx) openPart(o *object) *kernel.Tx {
	k := tx.open(o)
	if k != nil && tx.missing != nil {
		tx.Fail(&BehindError{tx.missing})
		return nil
	}
	return k
}

// openLeaf is open for a change that ends all that a register or a flag holds. If
// that is the whole object, it ends also what the reader saw and this replica does
// not know.
func (tx *Tx) openLeaf(o *object) *kernel.Tx {
	if o.path != nil {
		return tx.openPart(o)
	}
	k := tx.open(o)
	if k != nil && tx.missing != nil {
		k.EndUnknown()
	}
	return k
}

// put ends what is live at o, a register or a flag or an element, and puts v
// there.
func (tx *Tx) put(o object, v []byte) {
	if k := tx.openLeaf(&o); k != nil && tx.weigh(o.path, len(v)) {
		k.Put(o.path, v)
	}
}

// deny ends what is live at o and puts a denial there.
func (tx *Tx) deny(o object) {
	if k := tx.openLeaf(&o); k != nil && tx.weigh(o.path, 0) {
		k.Deny(o.path)
	}
}

// clear ends what is live at o, a register or a flag.
func (tx *Tx) clear(o object) {
	if k := tx.openLeaf(&o); k != nil {
		k.Kill(o.path)
	}
}

// kill ends everything at and below o.
func (tx *Tx) kill(o object) {
	if k := tx.openPart(&o); k != nil {
		tx.killIn(k, o)
	}
}

// reset ends what is at o, a counter. The rows of a snapshot say all that the
// reader saw of it, whatever else this replica lacks.
func (tx *Tx) reset(o object) {
	if k := tx.open(&o); k != nil && k.SawRows(o.path) {
		tx.killIn(k, o)
		return
	}
	tx.kill(o)
}

func (tx *Tx) killIn(k *kernel.Tx, o object) {
	k.Kill(o.path)
	if totals := k.Ahead(); totals != nil {
		tx.Fail(&AheadError{totals})
	}
}

// saw reports whether the transaction may end what is live under d.
func (tx *Tx) saw(d clock.Dot) bool {
	return tx.seen == nil || d.Seq > clock.MaxSeq || tx.seen.Context.Contains(d)
}

// contentOf returns the bytes of e, which are good until the next call, or fails
// the transaction.
func contentOf[E any](tx *Tx, o *object, c *Codec[E], e E) (b []byte, ok bool) {
	b, err := c.write(o.state.Scratch(), e)
	if err != nil {
		tx.Fail(err)
		return nil, false
	}
	o.state.SetScratch(b)
	return b, tx.weigh(o.path, len(b))
}

// rawOf is contentOf for a lattice without a context, and its caller may keep b.
func rawOf[E any](tx *Tx, c *Codec[E], e E) (b []byte, ok bool) {
	b, err := c.write(nil, e)
	if err != nil {
		tx.Fail(err)
		return nil, false
	}
	return b, tx.weigh(nil, len(b))
}

// weigh counts bytes that are written below path, and reports whether all that the
// transaction has written fits a frame. Else it fails. A path counts once for what is
// written below it in a row.
func (tx *Tx) weigh(path []string, n int) bool {
	if !slices.Equal(path, tx.under) {
		tx.under = path
		for _, seg := range path {
			tx.wrote += len(seg)
		}
	}
	if tx.wrote += n; tx.wrote > MaxWrite {
		tx.Fail(fmt.Errorf("%w: a transaction of more than %d bytes", ErrTooLarge, MaxWrite))
		return false
	}
	return true
}

// isNil reports whether s is the nil of its type.
func isNil[S any](s S) bool {
	var none S
	return any(s) == any(none)
}
