package aerospike

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// known is what the process remembers of an object of one kind.
type known[S crdt.Lattice[S]] struct {
	kind crdt.Kind[S]

	mu sync.Mutex
	// Seen is the join of all that was read, and of all that was written and
	// acknowledged: what a View shows.
	seen S
	// Stamp and entries say what of the record is in seen: the snapshot of that
	// stamp and these entries of the queue. Exact says that it was all, when the
	// cluster last answered.
	stamp   unit.Stamp
	entries map[unit.EntryKey]struct{}
	exact   bool

	// Work is seen with all changes that were issued and whose fate is open, which
	// are in open. Transactions run on it. It is nil until there is one.
	work S
	made bool // work is
	open []*issued[S]
}

// issued is a change that was numbered, until it is known to be in the cluster or
// surely never will be.
type issued[S crdt.Lattice[S]] struct {
	delta  S
	entry  unit.Entry
	ticket ticket
}

// knownOf returns what the slot remembers of its object as one of kind k.
func knownOf[S crdt.Lattice[S]](s *slot, k crdt.Kind[S]) *known[S] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.values[k.Name].(*known[S]); ok {
		return v
	}
	if s.values == nil {
		s.values = make(map[string]any)
	}
	v := &known[S]{kind: k, seen: k.New(), entries: make(map[unit.EntryKey]struct{})}
	s.values[k.Name] = v
	return v
}

// view reads the record and returns a copy of what it comes to.
func (k *known[S]) view(ctx context.Context, e *Engine, s *slot, newest bool) (S, error) {
	u, err := e.writer.Read(ctx, s.key, newest)
	if err != nil {
		return *new(S), err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.absorb(u); err != nil {
		return *new(S), err
	}
	return k.seen.Clone(), nil
}

// isExact reports whether the record is known to have been what is remembered,
// when the cluster last answered.
func (k *known[S]) isExact() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.exact
}

// context returns the context of what is remembered.
func (k *known[S]) context() *clock.Context {
	k.mu.Lock()
	defer k.mu.Unlock()
	return crdt.ContextOf(k.seen)
}

// contains reports whether all of a change is in what was read.
func (k *known[S]) contains(c *issued[S]) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return crdt.Contains(k.seen, c.delta)
}

// appended takes note that the record holds so many entries, after one was
// appended alone.
func (k *known[S]) appended(key unit.EntryKey, queued int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries[key] = struct{}{}
	k.exact = k.exact && queued == len(k.entries)
}

// absorb takes in a record that was read. K.mu is held.
func (k *known[S]) absorb(u *unit.Unit) error {
	if u.Stamp != k.stamp {
		if err := k.replace(u); err != nil {
			return err
		}
	}
	exact := true
	for i := range u.Queue {
		q := &u.Queue[i]
		if _, ok := k.entries[q.Key]; ok {
			continue
		}
		if err := k.take(q.Frame); err != nil {
			return fmt.Errorf("entry %x of the queue: %w", q.Key, err)
		}
		k.entries[q.Key] = struct{}{}
	}
	if len(k.entries) != len(u.Queue) { // the copy lacks entries that there were
		exact = false
		k.entries = make(map[unit.EntryKey]struct{}, len(u.Queue))
		for i := range u.Queue {
			k.entries[u.Queue[i].Key] = struct{}{}
		}
	}
	k.exact = exact
	return nil
}

// replace takes in a snapshot of another stamp.
func (k *known[S]) replace(u *unit.Unit) error {
	for i, f := range u.Snapshot {
		if err := k.take(f); err != nil {
			return fmt.Errorf("frame %d of the snapshot: %w", i, err)
		}
	}
	k.stamp = u.Stamp
	clear(k.entries)
	return nil
}

// take merges a frame into what is known, if it is one of the kind: others stand
// beside.
func (k *known[S]) take(frame []byte) error {
	d, err := crdt.DecodeFrame(k.kind, frame)
	if errors.Is(err, crdt.ErrKind) {
		return nil
	}
	if err != nil {
		return err
	}
	k.seen.Merge(d)
	if k.made {
		k.work.Merge(d)
	}
	return nil
}

// workOn returns the state that transactions run on. K.mu is held.
func (k *known[S]) workOn() S {
	if !k.made {
		k.work, k.made = k.seen.Clone(), true
		for _, c := range k.open {
			k.work.Merge(c.delta)
		}
	}
	return k.work
}

// issue takes note of a change that work has by now. K.mu is held.
func (k *known[S]) issue(c *issued[S]) { k.open = append(k.open, c) }

// settled takes note that a change is in the cluster. K.mu is held.
func (k *known[S]) settled(c *issued[S]) {
	k.seen.Merge(c.delta)
	k.drop(c)
}

// refused takes note that a change was surely not applied, or was revoked: work is
// made anew without it. K.mu is held.
func (k *known[S]) refused(c *issued[S]) {
	k.drop(c)
	k.made, k.work, k.exact = false, *new(S), false
}

// drop takes c out of what is open and reports whether it was there.
func (k *known[S]) drop(c *issued[S]) bool {
	i := slices.Index(k.open, c)
	if i >= 0 {
		k.open = slices.Delete(k.open, i, i+1)
	}
	return i >= 0
}
