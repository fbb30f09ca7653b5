package aerospike_test

import (
	"context"
	"errors"
	"fmt"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// answer is what was told of a change, to whoever made it.
type answer int

const (
	toldOpen    answer = iota // in doubt: the engine keeps it, unless it is abandoned
	toldPresent               // it must be there
	toldAbsent                // it must not
	toldLeaving               // it must not be there in the end
	toldOwed                  // it must be there in the end
	toldEither
)

// String returns what was told, in a word.
func (a answer) String() string {
	return [...]string{"in doubt", "present", "absent", "leaving", "owed", "nothing"}[a]
}

// isGone reports whether the change must not be there in the end.
func (a answer) isGone() bool { return a == toldAbsent || a == toldLeaving }

// fact is what the model knows of a change.
type fact struct {
	name    string
	in      *kind
	bit     uint
	told    answer
	asked   bool // to be abandoned, with no answer yet
	pending *store.InDoubtError

	since int  // how many writes to the journal had failed when the change was issued
	safe  bool // the journal has what was told, for every process that comes
	loose bool // the journal may not have it: it goes if the cluster loses it
}

// kind is a type of object, as the model uses it: a set of numbers, or a sum of powers
// of two.
type kind struct {
	name   string
	n      uint
	update func(ctx context.Context, b store.Backend, bit uint, during func(), opts ...store.Option) error
	view   func(ctx context.Context, b store.Backend) (func(bit uint) bool, error)
}

func kindOf[S crdt.Lattice[S]](name, key string, k crdt.Kind[S], add func(*crdt.Tx, S, uint), has func(S, uint) bool) *kind {
	return &kind{
		name: name,
		update: func(ctx context.Context, b store.Backend, bit uint, during func(), opts ...store.Option) error {
			_, err := store.NewObjects(b, name, k).Update(ctx, key, func(tx *crdt.Tx, s S) error {
				if during != nil {
					during()
				}
				add(tx, s, bit)
				return nil
			}, opts...)
			return err
		},
		view: func(ctx context.Context, b store.Backend) (func(uint) bool, error) {
			s, _, err := store.NewObjects(b, name, k).View(ctx, key)
			return func(bit uint) bool { return has(s, bit) }, err
		},
	}
}

// newFact returns the next change of a kind.
func (w *world) newFact() *fact {
	k := rapid.SampledFrom(w.kinds).Draw(w.T, "kind")
	if k.n >= 59 { // two at a time
		w.Skip("enough of the kind")
	}
	return w.factOf(k)
}

func (w *world) factOf(k *kind) *fact {
	f := &fact{name: fmt.Sprintf("%s%d", k.name, k.n), in: k, bit: k.n, since: w.journal.failures()}
	k.n++
	w.facts = append(w.facts, f)
	return f
}

// learn takes note of how an update ended. If the process has died, only what it knew of
// the cluster counts: nobody was told the rest.
func (w *world) learn(f *fact, err error) {
	var doubt *store.InDoubtError
	switch {
	case err == nil:
		f.told = toldPresent
	case w.gate.isDead():
		f.told = toldEither
	case errors.As(err, &doubt):
		f.told, f.pending = toldOpen, doubt
	default:
		f.told = toldAbsent
	}
	w.Logf("%s: %v", f.name, err)
}

// retried and abandoned take note of an answer, and compare it with those before. A call
// whose process died, or whose context had ended before it began, gives none.
func (w *world) retried(f *fact, err error) {
	w.Logf("Retry %s: %v", f.name, err)
	switch {
	case err == nil:
		w.tell(f, toldPresent)
	case errors.Is(err, store.ErrAbandoned):
		if !f.asked && f.told != toldAbsent {
			w.Errorf("%s was never abandoned: Retry = %v", f.name, err)
		}
		w.tell(f, toldLeaving)
	case !errors.Is(err, store.ErrInDoubt):
		w.Errorf("Retry of %s = %v", f.name, err)
	default:
		w.stillOpen(f, "Retry", err)
	}
}

// abandoned is told of calls that have begun; one that has not may still be asked for the
// answer that is there.
func (w *world) abandoned(f *fact, err error, begun bool) {
	w.Logf("Abandon %s: %v", f.name, err)
	switch {
	case err == nil:
		if !begun && !f.told.isGone() && !f.asked {
			w.Errorf("%s was abandoned by a call that did not begin", f.name)
		}
		f.asked = true
		w.tell(f, toldAbsent)
	case errors.Is(err, store.ErrApplied):
		w.tell(f, toldPresent)
	case errors.Is(err, store.ErrCannotAbandon):
		if f.in.name == "set/" {
			w.Errorf("Abandon of %s = %v", f.name, err)
		}
	case errors.Is(err, store.ErrInDoubt):
		f.asked = f.asked || begun
		w.stillOpen(f, "Abandon", err)
	default:
		w.Errorf("Abandon of %s = %v", f.name, err)
	}
}

// stillOpen takes note of a call that gave no answer, which one about a change that is
// resolved does, unless the disk has failed.
func (w *world) stillOpen(f *fact, call string, err error) {
	if (f.told == toldPresent || f.told == toldAbsent) && !w.gate.isDead() && w.journal.failures() == w.failed {
		w.Errorf("%s of %s = %v, and told %v before", call, f.name, err, f.told)
	}
}

// tell takes note of an answer: the first decides.
func (w *world) tell(f *fact, now answer) {
	switch {
	case f.told == toldOpen || f.told == toldEither:
	case f.told.isGone() != now.isGone():
		w.Errorf("%s: told %v, and %v before", f.name, now, f.told)
	case f.told == toldAbsent:
		return
	}
	f.told = now
}

// outlive has the facts follow the end of their process. Proven says whether the next one
// may go on as the same replica; it may not after a write to the journal failed.
func (w *world) outlive(proven bool) {
	for _, f := range w.facts {
		f.pending = nil
		switch {
		case f.told == toldOpen && (f.asked || !proven && !f.safe):
			f.told = toldEither
		case f.told == toldOpen:
			f.told = toldOwed
		}
		if proven {
			f.safe = f.safe || !f.loose
		} else {
			f.loose = f.loose || !f.safe
		}
	}
}
