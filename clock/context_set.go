package clock

// Merge makes c the union of both sets and reports whether that changed c. It
// neither changes nor keeps o; o may be c.
//
// A row whose first interval covers o's or is extended by it costs O(1). More
// intervals of o in a row cost O(log m) and what they overlap or lie between, as
// in AddRange. Rows are found in O(n), or O(log n) each if o has few.
func (c *Context) Merge(o *Context) (changed bool) {
	if len(c.rows) > 16+2*len(o.rows) {
		return c.mergeRows(o, 0, 0)
	}
	rows, j := c.rows, 0 // rows: those not below row j of o
	// Contexts of the same replicas with one run each take no other step.
	for ; j < len(o.rows) && len(rows) > 0; j++ {
		p, r := &rows[0], &o.rows[j]
		if p.id != r.id || p.more != nil || r.more != nil || r.first.Lo < p.first.Lo || r.first.Lo > p.first.Hi+1 {
			break
		}
		if r.first.Hi > p.first.Hi {
			p.first.Hi, changed = r.first.Hi, true
		}
		rows = rows[1:]
	}
	// What nearly all merges are, without a call or a bounds check.
	for ; j < len(o.rows); j++ {
		r := &o.rows[j]
		for len(rows) > 0 && rows[0].id < r.id {
			rows = rows[1:]
		}
		if len(rows) == 0 || rows[0].id != r.id || rows[0].more != nil {
			return c.mergeRows(o, len(c.rows)-len(rows), j) || changed
		}
		to := &rows[0].first
		if r.first.Lo < to.Lo || r.first.Lo > to.Hi+1 {
			return c.mergeRows(o, len(c.rows)-len(rows), j) || changed
		}
		hi := max(to.Hi, r.first.Hi)
		if r.more != nil { // dots that were ended, and then those of the delta's writer
			for _, in := range r.more.runs() {
				if in.Lo > hi+1 {
					return c.mergeRows(o, len(c.rows)-len(rows), j) || changed
				}
				hi = max(hi, in.Hi)
			}
		}
		if hi > to.Hi {
			to.Hi, changed = hi, true
		}
	}
	return changed
}

// mergeRows is Merge from row j of o on, whose ids are not below that of row i.
func (c *Context) mergeRows(o *Context, i, j int) (changed bool) {
	rows, missing := c.rows, 0
	for ; j < len(o.rows); j++ {
		r := &o.rows[j]
		if i+8 < len(rows) && rows[i+8].id < r.id {
			i = bisect(rows, i+9, r.id)
		}
		for i < len(rows) && rows[i].id < r.id {
			i++
		}
		if i == len(rows) || rows[i].id != r.id {
			missing++
		} else if rows[i].merge(r) {
			changed = true
		}
	}
	if missing > 0 {
		c.addRows(o, missing)
	}
	return changed || missing > 0
}

// bisect returns the first row from i on whose id is not below id.
func bisect(rows []contextRow, i int, id ReplicaID) int {
	for hi := len(rows); i < hi; {
		if m := int(uint(i+hi) >> 1); rows[m].id < id {
			i = m + 1
		} else {
			hi = m
		}
	}
	return i
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
			c.rows[at] = contextRow{id: r.id, first: r.first, more: newRunList(r.rest())}
			j--
		}
	}
}

// Covers reports whether every dot of o is in c. O(n + m) in rows and intervals,
// less where o has few intervals in a row of many.
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
// O(n + m) in intervals, and O(log m) for each replica of c.
func (c *Context) Minus(o *Context) *Context {
	out := &Context{}
	for i := range c.rows {
		r := &c.rows[i]
		j, ok := o.find(r.id)
		if !ok {
			out.rows = append(out.rows, contextRow{id: r.id, first: r.first, more: newRunList(r.rest())})
		} else if cut := &o.rows[j]; !cut.covers(r) {
			var room [8]Interval
			runs := r.subtract(cut, room[:0])
			out.rows = append(out.rows, contextRow{id: r.id, first: runs[0], more: newRunList(runs[1:])})
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

// subtract appends the runs of what r has and o lacks to out.
func (r *contextRow) subtract(o *contextRow, out []Interval) []Interval {
	from, n, m := 0, r.len(), o.len()
	for i := range n {
		in := *r.run(i)
		if from < m && o.run(from).Hi < in.Lo {
			from = o.endingAt(in.Lo)
		}
		lo := in.Lo
		for k := from; k < m && o.run(k).Lo <= in.Hi; k++ {
			if cut := o.run(k); cut.Lo > lo {
				out = append(out, Interval{lo, cut.Lo - 1})
			}
			lo = o.run(k).Hi + 1
		}
		if lo <= in.Hi {
			out = append(out, Interval{lo, in.Hi})
		}
	}
	return out
}
