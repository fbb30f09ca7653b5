package aerospike

import (
	"context"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// known is what the process remembers of an object of one kind.
type known[S crdt.Lattice[S]] struct {
	kind crdt.Kind[S]
	rows bool // the kind has no context: a row for each replica, or less
	own  own[S]

	mu sync.Mutex
	// Seen is the join of all that was read, and of all that was written and
	// acknowledged: what a View shows.
	seen S
	// Unapplied are the events that seen covers and has not applied.
	unapplied unit.Unapplied

	acks int // counts what was acknowledged
	// Stamp and entries say what of the record is in seen: the snapshot of that
	// stamp and these entries of the queue. Exact says that it was all, when the
	// cluster last answered.
	stamp   unit.Stamp
	entries keySet
	exact   bool
	others  []part // the same of the units of other datacenters
	// Checked says that the record, when it was last read, had all that is remembered,
	// to which nothing was added since. Unsure has the next read compare all of it: the
	// stamp and the entries do not tell what was merged in other ways.
	checked, unsure bool

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
	v := &known[S]{kind: k, seen: k.New()}
	v.rows = crdt.ContextOf(v.seen) == nil
	s.values[k.Name] = v
	return v
}

// read reads the record and takes it in. If a copy lacks what is remembered, the
// newest is read, and if that lacks it too, the record is mended.
func (k *known[S]) read(ctx context.Context, e *Engine, s *slot, newest bool) error {
	for {
		before := k.acknowledged()
		u, err := e.writer.Read(ctx, s.key, newest)
		if err != nil {
			return err
		}
		k.mu.Lock()
		// What lacks only what was acknowledged since may just be older than that.
		overtaken := k.acks != before
		lacks, err := k.absorb(u, newest && !overtaken)
		lacks = lacks && !overtaken
		k.mu.Unlock()
		if err != nil || !lacks {
			return err
		}
		if newest {
			k.mend(e, s, u) //nolint:contextcheck // in the background
			return nil
		}
		e.counts.behind.Add(1)
		newest = true
	}
}

func (k *known[S]) acknowledged() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.acks
}

// view reads the record and returns a copy of what it comes to.
func (k *known[S]) view(ctx context.Context, e *Engine, s *slot, o options) (S, sight, error) {
	if err := k.readAtLeast(ctx, e, s, o); err != nil {
		return *new(S), sight{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.handOut(), k.sight(), nil
}

// handOut returns a value of what is remembered for the caller to keep: not the copy,
// which Clone has put in order, so that the next is made faster, but what it was made
// of. K.mu is held.
func (k *known[S]) handOut() S {
	v := k.seen
	k.seen = v.Clone()
	return v
}

// isExact reports whether the record is known to have been what is remembered,
// when the cluster last answered.
func (k *known[S]) isExact() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.exact
}

// isMet reports whether anything is remembered of the object.
func (k *known[S]) isMet() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.made || k.acks > 0 || k.stamp != (unit.Stamp{}) || len(k.entries) > 0
}

// saw returns what a reader of what is remembered sees.
func (k *known[S]) saw() sight {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sight()
}

// contains reports whether all of a change is in what was read.
func (k *known[S]) contains(c *issued[S]) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return crdt.Contains(k.seen, c.delta)
}

// appended takes note that the record holds so many entries, after one was
// appended alone to what was known as before of them.
func (k *known[S]) appended(key unit.EntryKey, before, queued int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries.add(key)
	k.exact = k.exact && queued == before+1
}

// folded takes note that this process folded the queue. If the new snapshot is made of
// the one that is known and of entries that are, all of it is in seen. If there was
// more in it, somebody else's, the stamp stays what it was: the next exact append is
// refused, and the record is read.
func (k *known[S]) folded(c *unit.Compaction) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stamp == c.Seen && k.entries.remove(c.Folded) {
		k.stamp = c.Next
	}
}
