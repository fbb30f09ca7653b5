package layout_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// version is the record as it is, or was once. It does not change.
type version struct {
	exists   bool
	stamp    layout.Stamp
	snapshot []byte
	folded   spec.Set // the operations in the snapshot
	queue    []layout.Entry
	blocks   []layout.EntryKey
	gone     []layout.EntryKey
	writes   int // the generation

	has spec.Set  // all its operations: ghosts, which no code under test sees
	doc *crdt.Doc // what its frames come to
}

func (v *version) size() int {
	n := len(v.snapshot)
	for i := range v.queue {
		n += len(v.queue[i].Frame) + len(v.queue[i].Key)
	}
	return n
}

// record returns what a read of the version gives. The frames are those of the
// version itself: whoever writes into them is found out.
func (v *version) record() *layout.Record {
	u := &layout.Record{Stamp: v.stamp, Queue: slices.Clone(v.queue), Size: v.size(), Blocks: v.blocks, Gone: v.gone}
	if v.snapshot != nil {
		frames, err := layout.ReadSnapshot(v.snapshot)
		if err != nil {
			panic(fmt.Sprintf("a snapshot that was written: %v", err))
		}
		u.Snapshot = frames
	}
	return u
}

// appended returns the version after an append that its guard allowed.
func (v *version) appended(entries []layout.Entry) *version {
	n := *v
	n.exists, n.writes, n.queue = true, v.writes+1, slices.Clone(v.queue)
	for _, e := range entries {
		i, found := slices.BinarySearchFunc(n.queue, e.Key, func(a layout.Entry, k layout.EntryKey) int {
			return bytes.Compare(a.Key[:], k[:])
		})
		if found {
			n.queue[i] = e
		} else {
			n.queue = slices.Insert(n.queue, i, e)
		}
	}
	return &n
}

// compacted returns the version after a compaction that its stamp allowed.
func (v *version) compacted(c *layout.Compaction, has *spec.Set) *version {
	n := *v
	n.writes, n.stamp, n.snapshot, n.folded = v.writes+1, c.Next, bytes.Clone(c.Snapshot), has.Clone()
	n.blocks, n.gone = c.Blocks, c.Gone
	n.queue = slices.DeleteFunc(slices.Clone(v.queue), func(e layout.Entry) bool { return slices.Contains(c.Folded, e.Key) })
	return &n
}

// allows reports whether an append with that guard passes.
func (v *version) allows(g *layout.Guard) bool {
	switch {
	case !v.exists:
		return true
	case v.size() >= g.MaxSize:
		return false
	}
	return !g.Exact || g.Stamp == v.stamp && g.Queued == len(v.queue)
}

// write is an append or a compaction, as it reaches the cluster.
type write struct {
	entries []layout.Entry
	guard   layout.Guard
	change  *layout.Compaction // nil for an append
	has     spec.Set           // what the new snapshot is made of, or the deletion stands for
	remove  bool               // see deletes
}

func (w *write) String() string {
	if c := w.change; c != nil {
		return fmt.Sprintf("compaction %v→%v of %d entries", c.Seen, c.Next, len(c.Folded))
	}
	var s strings.Builder
	if s.WriteString("append"); w.remove {
		s.WriteString(" as deletion")
	}
	for _, e := range w.entries {
		fmt.Fprintf(&s, " %x", e.Key[:2])
	}
	return s.String()
}

// do returns the version after w and the answer to it. The bug is one of how the
// cluster is used.
func (v *version) do(w *write, limit int, b bug) (*version, answer) {
	n := v
	switch c := w.change; {
	case c == nil && !v.allows(&w.guard):
		return v, answer{err: refusal(layout.Refused)}
	case w.remove:
		n = v.removed(w)
	case c == nil:
		n = v.appended(w.entries)
	case !v.exists:
		return v, answer{err: refusal(layout.Absent)}
	case v.name(b) != c.Seen:
		return v, answer{err: refusal(layout.Refused)}
	default:
		n = v.compacted(c, &w.has)
		if b == stampKept {
			n.stamp = v.stamp
		}
		if b == queueEmptied {
			n.queue = nil
		}
	}
	if n.size() > limit {
		return v, answer{err: refusal(layout.TooBig)}
	}
	return n, answer{queued: len(n.queue)}
}

// name returns the stamp by which a compaction tells the version: with the bug, a
// generation, which wraps.
func (v *version) name(b bug) layout.Stamp {
	if b == generationForStamp {
		return layout.Stamp{0: byte(v.writes%4) + 1}
	}
	return v.stamp
}

type answer struct {
	rec    *layout.Record
	queued int
	err    error
}

func refusal(c layout.Class) error {
	return &layout.Error{Class: c, Err: fmt.Errorf("the cluster says %v", c)}
}

func inDoubt(c layout.Class) error {
	return &layout.Error{Class: c, Doubt: true, Err: fmt.Errorf("no answer: %v", c)}
}
