package clock

import "fmt"

// CheckContext returns the first representation invariant that c breaks:
//
//  1. Ids ascend, each once and valid.
//  2. Runs lie within 1..MaxSeq and are not empty.
//  3. Runs of a replica ascend, disjoint and not adjacent.
func CheckContext(c *Context) error {
	var last ReplicaID
	for i := range c.rows {
		r := &c.rows[i]
		if r.id <= last {
			return fmt.Errorf("invariant 1: replica %v behind %v", r.id, last)
		}
		last = r.id
		var end uint64
		for n, in := range append([]Interval{r.first}, r.rest()...) {
			switch {
			case in.Lo < 1 || in.Hi > MaxSeq || in.Lo > in.Hi:
				return fmt.Errorf("invariant 2: run %d of replica %v is %d-%d", n, r.id, in.Lo, in.Hi)
			case n > 0 && in.Lo <= end+1:
				return fmt.Errorf("invariant 3: run %d of replica %v is %d-%d behind %d", n, r.id, in.Lo, in.Hi, end)
			}
			end = in.Hi
		}
	}
	return nil
}

// CheckVector returns the first representation invariant that v breaks:
//
//  1. Ids ascend, each once and valid.
//  2. Numbers lie within 1..MaxSeq.
func CheckVector(v *Vector) error {
	var last ReplicaID
	for _, r := range v.rows {
		switch {
		case r.id <= last:
			return fmt.Errorf("invariant 1: replica %v behind %v", r.id, last)
		case r.seq < 1 || r.seq > MaxSeq:
			return fmt.Errorf("invariant 2: replica %v has number %d", r.id, r.seq)
		}
		last = r.id
	}
	return nil
}

// CheckSiblings returns the first representation invariant that s breaks:
//
//  1. Values ascend by replica and descend by number, each dot once.
//  2. The context has the dots of all values.
func CheckSiblings[V any](s *Siblings[V]) error {
	for i, x := range s.live {
		if i > 0 {
			last := s.live[i-1].dot
			if x.dot.Replica < last.Replica || x.dot.Replica == last.Replica && x.dot.Seq >= last.Seq {
				return fmt.Errorf("invariant 1: %v behind %v", x.dot, last)
			}
		}
		if !s.ctx.Contains(x.dot) {
			return fmt.Errorf("invariant 2: %v is not in %v", x.dot, &s.ctx)
		}
	}
	return CheckContext(&s.ctx)
}

// ContextRoom returns for how many intervals c holds memory behind the first of
// each row.
func ContextRoom(c *Context) (n int) {
	for _, r := range c.rows {
		if r.more != nil {
			n += cap(r.more.buf)
		}
	}
	return n
}
