package clock

import "slices"

// Merge makes c the union of both sets and reports whether that changed c. It
// neither changes nor keeps o; o may be c. O(n + m) in rows and intervals.
func (c *Context) Merge(o *Context) (changed bool) {
	missing, i := 0, 0
	for j := range o.rows {
		r := &o.rows[j]
		for i < len(c.rows) && c.rows[i].id < r.id {
			i++
		}
		if i == len(c.rows) || c.rows[i].id != r.id {
			missing++
		} else if c.rows[i].merge(r) {
			changed = true
		}
	}
	if missing > 0 {
		c.addRows(o, missing)
	}
	return changed || missing > 0
}

// addRows copies from o the rows, missing in number, of replicas that c lacks:
// from the back, so that no row is moved twice.
func (c *Context) addRows(o *Context, missing int) {
	i, j := len(c.rows)-1, len(o.rows)-1
	c.rows = append(c.rows, make([]contextRow, missing)...)
	for at := len(c.rows) - 1; at > i; at-- {
		switch {
		case i >= 0 && c.rows[i].id >= o.rows[j].id:
			if c.rows[i].id == o.rows[j].id {
				j--
			}
			c.rows[at] = c.rows[i]
			i--
		default:
			r := &o.rows[j]
			c.rows[at] = contextRow{id: r.id, first: r.first, rest: slices.Clone(r.rest)}
			j--
		}
	}
}

// Covers reports whether every dot of o is in c. O(n + m).
func (c *Context) Covers(o *Context) bool {
	i := 0
	for j := range o.rows {
		r := &o.rows[j]
		for i < len(c.rows) && c.rows[i].id < r.id {
			i++
		}
		if i == len(c.rows) || c.rows[i].id != r.id || !c.rows[i].covers(r) {
			return false
		}
	}
	return true
}

// Compare tells how the sets relate by inclusion.
func (c *Context) Compare(o *Context) Ordering { return orderingOf(!o.Covers(c), !c.Covers(o)) }

// Minus returns the dots of c that are not in o, sharing no memory with either.
func (c *Context) Minus(o *Context) *Context {
	out := &Context{}
	for i := range c.rows {
		r := &c.rows[i]
		var cut []Interval
		if j, ok := o.find(r.id); ok {
			cut = o.rows[j].runs()
		}
		if runs := subtract(r.runs(), cut); len(runs) > 0 {
			out.rows = append(out.rows, contextRow{id: r.id, first: runs[0], rest: slices.Clip(runs[1:])})
		}
	}
	return out
}

// RunsOf returns the intervals of id's dots in the set, in order. The slice is
// the caller's.
func (c *Context) RunsOf(id ReplicaID) []Interval {
	if i, ok := c.find(id); ok {
		return c.rows[i].runs()
	}
	return nil
}

func (r *contextRow) runs() []Interval {
	return append(append(make([]Interval, 0, 1+len(r.rest)), r.first), r.rest...)
}

func (r *contextRow) last() Interval {
	if n := len(r.rest); n > 0 {
		return r.rest[n-1]
	}
	return r.first
}

func (r *contextRow) setRuns(runs []Interval) {
	r.first, r.rest = runs[0], nil
	if len(runs) > 1 {
		r.rest = append([]Interval(nil), runs[1:]...)
	}
}

// add joins one interval to the row.
func (r *contextRow) add(in Interval) (changed bool) {
	if len(r.rest) == 0 && in.Lo <= r.first.Hi+1 && in.Hi+1 >= r.first.Lo { // touches the only run
		was := r.first
		r.first = Interval{min(was.Lo, in.Lo), max(was.Hi, in.Hi)}
		return r.first != was
	}
	if last := r.last(); in.Lo > last.Hi+1 {
		r.rest = append(r.rest, in)
		return true
	}
	if n := len(r.rest); n > 0 && in.Lo >= r.rest[n-1].Lo { // touches the last run alone
		was := r.rest[n-1].Hi
		r.rest[n-1].Hi = max(was, in.Hi)
		return in.Hi > was
	}
	if r.containsAll(in) {
		return false
	}
	r.setRuns(insert(r.runs(), in))
	return true
}

func (r *contextRow) containsAll(in Interval) bool {
	if r.first.Lo <= in.Lo && in.Hi <= r.first.Hi {
		return true
	}
	i := firstEndingAt(r.rest, in.Lo)
	return i < len(r.rest) && r.rest[i].Lo <= in.Lo && in.Hi <= r.rest[i].Hi
}

func (r *contextRow) covers(o *contextRow) bool {
	if !r.containsAll(o.first) {
		return false
	}
	for _, in := range o.rest {
		if !r.containsAll(in) {
			return false
		}
	}
	return true
}

func (r *contextRow) merge(o *contextRow) (changed bool) {
	if len(o.rest) == 0 {
		return r.add(o.first)
	}
	if r.covers(o) {
		return false
	}
	r.setRuns(union(r.runs(), o.runs()))
	return true
}

// insert returns runs with in joined to it; runs may be overwritten.
func insert(runs []Interval, in Interval) []Interval {
	from := firstEndingAt(runs, max(in.Lo, 1)-1) // the first run that in touches, or that stands behind it
	to := from
	for to < len(runs) && runs[to].Lo <= in.Hi+1 {
		in = Interval{min(in.Lo, runs[to].Lo), max(in.Hi, runs[to].Hi)}
		to++
	}
	return slices.Replace(runs, from, to, in)
}

// union merges two sorted lists of runs into a new one.
func union(a, b []Interval) []Interval {
	out := make([]Interval, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		var in Interval
		if len(b) == 0 || len(a) > 0 && a[0].Lo <= b[0].Lo {
			in, a = a[0], a[1:]
		} else {
			in, b = b[0], b[1:]
		}
		if n := len(out); n > 0 && in.Lo <= out[n-1].Hi+1 {
			out[n-1].Hi = max(out[n-1].Hi, in.Hi)
		} else {
			out = append(out, in)
		}
	}
	return out
}

// subtract returns what a has and b lacks, in a new list.
func subtract(a, b []Interval) []Interval {
	var out []Interval
	for _, in := range a {
		for len(b) > 0 && b[0].Hi < in.Lo {
			b = b[1:]
		}
		lo := in.Lo
		for _, cut := range b {
			if cut.Lo > in.Hi {
				break
			}
			if cut.Lo > lo {
				out = append(out, Interval{lo, cut.Lo - 1})
			}
			lo = cut.Hi + 1
		}
		if lo <= in.Hi {
			out = append(out, Interval{lo, in.Hi})
		}
	}
	return out
}
