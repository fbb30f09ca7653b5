package crdttest

import (
	"bytes"
	"errors"
	"fmt"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

var errDrawn = errors.New("drawn failure")

// outcome is how the function of a transaction ends.
type outcome int

const (
	succeeds outcome = iota
	returnsError
	failsInMutator
	panics
)

// transaction mutates the state of n and checks what comes of it.
func (w *world[S]) transaction(n *replica[S]) {
	w.tries++
	n.src.draw(w.t)
	end := succeeds
	if rapid.IntRange(0, 7).Draw(w.t, "fails") == 0 {
		end = rapid.SampledFrom([]outcome{returnsError, failsInMutator, panics}).Draw(w.t, "how")
	}
	before, issued := n.state.Clone(), n.src.issued
	delta, inside, err := w.try(n, end)
	unchanged := bytes.Equal(w.encode(n.state), n.bytes) && n.src.issued == issued
	if err != nil {
		if end != succeeds && !errors.Is(err, errDrawn) {
			w.t.Fatalf("Mutate returned %v, want the function's own error", err)
		}
		if !unchanged {
			w.t.Fatalf("a transaction that failed with %v changed the state or issued events", err)
		}
		return
	}
	if !bytes.Equal(w.encode(before), n.bytes) {
		w.t.Fatalf("a Clone shares with what it is a copy of: a transaction changed both")
	}
	if any(delta) == any(*new(S)) || delta.IsBottom() {
		w.checkInside(n, inside)
		if !unchanged {
			w.t.Fatalf("a transaction without a delta changed the state or issued events")
		}
		return
	}
	w.checkDelta(n, before, delta)
	w.checkInside(n, inside)
	n.bytes = w.encode(n.state)
	p := &packet[S]{delta: delta, bytes: w.encode(delta), twin: w.twinOf(delta), ids: []int{len(w.deltas)}}
	n.has[len(w.deltas)] = true
	w.deltas = append(w.deltas, p)
}

// try runs a transaction that comes to that end. Inside is the bytes that a
// lattice without a context had at the end of the function.
func (w *world[S]) try(n *replica[S], end outcome) (delta S, inside []byte, err error) {
	defer func() {
		if r := recover(); r == errDrawn { //nolint:errorlint // this very value
			err = errDrawn
		} else if r != nil {
			panic(r)
		}
	}()
	delta, err = crdt.Mutate(n.state, n.src, func(tx *crdt.Tx, s S) error {
		w.mutate(w.t, tx, s)
		switch end {
		case returnsError:
			return fmt.Errorf("from the function: %w", errDrawn)
		case failsInMutator:
			tx.Fail(errDrawn)
		case panics:
			panic(errDrawn)
		default:
			if n.twin == nil {
				inside = w.encode(s)
			}
		}
		return nil
	})
	if end == failsInMutator && err != nil {
		err = errDrawn // a mutator may have failed before
	}
	return delta, inside, err
}

// checkInside checks that the state after a transaction is what its function saw at
// its end.
func (w *world[S]) checkInside(n *replica[S], inside []byte) {
	if inside != nil && !bytes.Equal(inside, w.encode(n.state)) {
		w.t.Fatalf("in the transaction the value was\n%x, afterwards it is\n%x: a mutator changed it otherwise than by Record, or Merge changed its argument or did not report a change", inside, w.encode(n.state))
	}
}

// checkDelta checks before ⊔ delta = after, and that no part can be left out.
func (w *world[S]) checkDelta(n *replica[S], before, delta S) {
	after := w.encode(n.state)
	if n.twin == nil {
		w.checkParts(before, delta, after)
	}
	if n.state.Clone().Merge(before) {
		w.t.Fatalf("a transaction took something back: what was before it is news after it")
	}
	if !before.Merge(delta) {
		w.t.Fatalf("merging the delta of a transaction into the state before changed nothing")
	}
	if !bytes.Equal(w.encode(before), after) || !before.Equal(n.state) {
		w.t.Fatalf("state before merged with the delta is\n%x, state after is\n%x", w.encode(before), after)
	}
	if n.twin == nil {
		return
	}
	// Dot by dot, which the parts of a state do not tell apart.
	whole := w.twinOf(delta)
	twin := textbook.Join(n.twin, whole)
	whole.Parts(func(part string, rest *textbook.Object) {
		if textbook.Join(n.twin, rest).Equal(twin) {
			w.t.Fatalf("the delta is not minimal: its %s can be left out", part)
		}
	})
	n.twin = twin
	w.checkTwin(n)
}

// checkParts checks that no part of a delta without a context can be left out.
func (w *world[S]) checkParts(before, delta S, after []byte) {
	parts := w.parts(delta)
	for i, p := range parts[:min(len(parts), partsMost)] {
		rest := before.Clone()
		for j, q := range parts {
			if j != i {
				rest.Merge(q)
			}
		}
		if bytes.Equal(w.encode(rest), after) {
			w.t.Fatalf("the delta is not minimal: %x can be left out of\n%x", w.encode(p), w.encode(delta))
		}
	}
}
