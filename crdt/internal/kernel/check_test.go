package kernel

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Check is check for the tests outside the package.
func Check(s *State) error { return check(s) }

// LaneChunk is laneChunk for the tests outside the package.
const LaneChunk = laneChunk

// Chunks returns the lengths of the chunks of each lane of s.
func Chunks(s *State) map[clock.ReplicaID][]int {
	out := map[clock.ReplicaID][]int{}
	for i := range s.lanes {
		for _, c := range s.lanes[i].chunks {
			out[s.lanes[i].id] = append(out[s.lanes[i].id], len(c))
		}
	}
	return out
}

// check returns the first invariant of State that s breaks:
//
//  1. every live entry stands in the lane of its replica and in its node, once:
//     lanes ascend by replica and none is empty; chunks are not empty, hold at
//     most laneChunk and ascend; a node's entries ascend by dot and know it;
//     below counts; child and parent know each other;
//  2. every live dot is in ctx;
//  3. bases ascend by replica and run, are counted, and none is of a closed run;
//  4. no node but the root is empty.
//
// While a transaction is open, provisional dots are not in ctx, bases of closed
// runs may stand, and nodes may be empty.
func check(s *State) error {
	inLanes, err := checkLanes(s)
	if err != nil {
		return err
	}
	c := checker{s: s, left: inLanes}
	if err := c.node(s.root); err != nil {
		return err
	}
	switch {
	case s.root.up != nil || s.root.seg != "":
		return fmt.Errorf("invariant 1: root has segment %q or a parent", s.root.seg)
	case len(c.left) > 0:
		return fmt.Errorf("invariant 1: %d entries stand in lanes but in no node", len(c.left))
	case c.bases != s.bases:
		return fmt.Errorf("invariant 3: %d bases stand in the tree, %d are counted", c.bases, s.bases)
	}
	return nil
}

func checkLanes(s *State) (map[*Entry]bool, error) {
	all := map[*Entry]bool{}
	var lastID clock.ReplicaID
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.id <= lastID || len(l.chunks) == 0 {
			return nil, fmt.Errorf("invariant 1: lane %v behind %v has %d chunks", l.id, lastID, len(l.chunks))
		}
		lastID = l.id
		n, last := 0, uint64(0)
		for _, c := range l.chunks {
			if len(c) == 0 || len(c) > laneChunk {
				return nil, fmt.Errorf("invariant 1: chunk of %d entries in lane %v", len(c), l.id)
			}
			for _, e := range c {
				if e.dot.Replica != l.id || e.dot.Seq <= last || all[e] {
					return nil, fmt.Errorf("invariant 1: entry %v behind number %d of lane %v", e.dot, last, l.id)
				}
				last, all[e] = e.dot.Seq, true
			}
			n += len(c)
		}
		if n != l.n {
			return nil, fmt.Errorf("invariant 1: lane %v holds %d entries and counts %d", l.id, n, l.n)
		}
	}
	return all, nil
}

type checker struct {
	s     *State
	left  map[*Entry]bool // in lanes, not yet met in a node
	bases int
}

func (c *checker) node(n *node) error {
	below := len(n.live)
	for i, e := range n.live {
		if err := c.entry(n, e); err != nil {
			return err
		}
		if i > 0 && n.live[i-1].dot.Compare(e.dot) >= 0 {
			return fmt.Errorf("invariant 1: entry %v behind %v at %q", e.dot, n.live[i-1].dot, n.appendPath(nil))
		}
	}
	for i, b := range n.bases {
		if err := c.base(n, b); err != nil {
			return err
		}
		if i > 0 && n.bases[i-1].compareRun(b.Replica, b.Run) >= 0 {
			return fmt.Errorf("invariant 3: base %+v behind %+v", b, n.bases[i-1])
		}
	}
	c.bases += len(n.bases)
	for seg, k := range n.kids {
		if k.seg != seg || k.up != n {
			return fmt.Errorf("invariant 1: child %q of %q says %q", seg, n.appendPath(nil), k.appendPath(nil))
		}
		if k.isEmpty() && c.s.open == nil {
			return fmt.Errorf("invariant 4: node %q is empty", k.appendPath(nil))
		}
		if err := c.node(k); err != nil {
			return err
		}
		below += k.below
	}
	if below != n.below {
		return fmt.Errorf("invariant 1: %d entries at and below %q, %d counted", below, n.appendPath(nil), n.below)
	}
	return nil
}

func (c *checker) entry(n *node, e *Entry) error {
	if e.at != n || !c.left[e] {
		return fmt.Errorf("invariant 1: entry %v of node %q is not in its lane, or belongs to another node", e.dot, n.appendPath(nil))
	}
	delete(c.left, e)
	if !c.s.ctx.Contains(e.dot) && (c.s.open == nil || !e.provisional()) {
		return fmt.Errorf("invariant 2: live dot %v is not in the context %v", e.dot, &c.s.ctx)
	}
	if t := e.val.Total; t != nil && (t.Lo == 0 || t.Lo > t.Run || t.Run > e.dot.Seq || e.val.Put != "") {
		return fmt.Errorf("invariant 1: entry %v has total %+v and value %q", e.dot, *t, e.val.Put)
	}
	return nil
}

func (c *checker) base(n *node, b Base) error {
	switch {
	case b.Lo == 0 || b.Lo > b.Run || b.Run > b.Seq || b.Seq > clock.MaxSeq:
		return fmt.Errorf("invariant 3: base %+v", b)
	case c.s.open != nil:
	case !b.By.IsValid() || !c.s.ctx.Contains(b.By):
		return fmt.Errorf("invariant 3: base %+v of a reset outside the context %v", b, &c.s.ctx)
	case n.closed(b.Replica, b.Run):
		return fmt.Errorf("invariant 3: base %+v of a closed run", b)
	}
	return nil
}
