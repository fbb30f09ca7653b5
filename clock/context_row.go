package clock

// Runs of a row are numbered as one list: 0 is first, i is the (i-1)-th behind.

func (r *contextRow) rest() []Interval {
	if r.more == nil {
		return nil
	}
	return r.more.runs()
}

func (r *contextRow) len() int { return 1 + len(r.rest()) }

// run returns run i, in place.
func (r *contextRow) run(i int) *Interval {
	if i == 0 {
		return &r.first
	}
	return &r.more.runs()[i-1]
}

func (r *contextRow) last() Interval {
	if rest := r.rest(); len(rest) > 0 {
		return rest[len(rest)-1]
	}
	return r.first
}

// runs returns a copy of all runs.
func (r *contextRow) runs() []Interval {
	rest := r.rest()
	return append(append(make([]Interval, 0, 1+len(rest)), r.first), rest...)
}

func (r *contextRow) contains(seq uint64) bool { return r.containsAll(Interval{seq, seq}) }

func (r *contextRow) containsAll(in Interval) bool {
	if in.Lo <= r.first.Hi {
		return r.first.Lo <= in.Lo && in.Hi <= r.first.Hi
	}
	rest := r.rest()
	i := firstEndingAt(rest, in.Lo)
	return i < len(rest) && rest[i].Lo <= in.Lo && in.Hi <= rest[i].Hi
}

// endingAt returns the first run with Hi >= seq, or the number of runs.
func (r *contextRow) endingAt(seq uint64) int {
	if r.first.Hi >= seq {
		return 0
	}
	return 1 + firstEndingAt(r.rest(), seq)
}

// firstEndingAt returns the index of the first interval with Hi >= seq.
func firstEndingAt(runs []Interval, seq uint64) int {
	lo, hi := 0, len(runs)
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); runs[m].Hi < seq {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// covers reports whether r has all runs of o, in O(k log(m/k)) for k of o in m.
func (r *contextRow) covers(o *contextRow) bool {
	rest := o.rest()
	if len(rest) == 0 {
		return r.containsAll(o.first)
	}
	if !r.containsAll(o.first) || r.last().Hi < rest[len(rest)-1].Hi {
		return false
	}
	runs := r.rest()
	for _, in := range rest {
		if in.Lo <= r.first.Hi {
			if in.Hi > r.first.Hi { // in.Lo >= o.first.Lo >= r.first.Lo
				return false
			}
			continue
		}
		step := 1 // gallop: runs[:step/2] end before in
		for step <= len(runs) && runs[step-1].Hi < in.Lo {
			step *= 2
		}
		runs = runs[step/2:]
		runs = runs[firstEndingAt(runs[:min(step-step/2, len(runs))], in.Lo):]
		if len(runs) == 0 || runs[0].Lo > in.Lo || runs[0].Hi < in.Hi {
			return false
		}
	}
	return true
}

// add joins one interval to the row.
func (r *contextRow) add(in Interval) (changed bool) {
	last := &r.first
	if rest := r.rest(); len(rest) > 0 {
		last = &rest[len(rest)-1]
	}
	switch {
	case in.Lo > last.Hi+1 && r.more == nil:
		// The list and room for two in one piece: a delta that ends an earlier dot
		// of its writer has one.
		l := &struct {
			runList
			room [2]Interval
		}{room: [2]Interval{in}}
		l.buf = l.room[:1]
		r.more = &l.runList
		return true
	case in.Lo < last.Lo || in.Lo > last.Hi+1:
		return r.insert(in)
	}
	if in.Hi <= last.Hi {
		return false
	}
	last.Hi = in.Hi
	return true
}

// insert is add for any interval.
func (r *contextRow) insert(in Interval) (changed bool) {
	n, from := r.len(), r.endingAt(in.Lo-1) // the first run that in touches, or that stands behind it
	to := from
	for to < n && r.run(to).Lo <= in.Hi+1 {
		in = Interval{min(in.Lo, r.run(to).Lo), max(in.Hi, r.run(to).Hi)}
		to++
	}
	if to == from+1 {
		at := r.run(from)
		changed, *at = *at != in, in
		return changed
	}
	r.splice(from, to, []Interval{in})
	return true
}

func (r *contextRow) merge(o *contextRow) (changed bool) {
	rest := o.rest()
	if len(rest) == 0 {
		return r.add(o.first)
	}
	if r.covers(o) {
		return false
	}
	from, to := r.endingAt(o.first.Lo-1), r.len()
	if end := rest[len(rest)-1].Hi + 1; end < r.last().Lo {
		to = r.endingAt(end)
		if r.run(to).Lo <= end {
			to++
		}
	}
	var room [16]Interval
	r.splice(from, to, r.union(from, to, o, room[:0]))
	return true
}

// union appends runs [from, to) of r joined with all of o to out, which is empty.
func (r *contextRow) union(from, to int, o *contextRow, out []Interval) []Interval {
	for j, m := 0, o.len(); from < to || j < m; {
		var in Interval
		if j == m || from < to && r.run(from).Lo <= o.run(j).Lo {
			in = *r.run(from)
			from++
		} else {
			in = *o.run(j)
			j++
		}
		if n := len(out); n > 0 && in.Lo <= out[n-1].Hi+1 {
			out[n-1].Hi = max(out[n-1].Hi, in.Hi)
		} else {
			out = append(out, in)
		}
	}
	return out
}

// splice replaces runs [from, to) by in, of which there is at least one.
func (r *contextRow) splice(from, to int, in []Interval) {
	if r.more == nil {
		r.more = &runList{}
	}
	if from > 0 {
		r.more.splice(from-1, to-1, in)
		return
	}
	was := r.first
	r.first = in[0]
	if to > 0 {
		r.more.splice(0, to-1, in[1:])
		return
	}
	r.more.splice(0, 0, []Interval{was})
	r.more.splice(0, 0, in[1:])
}

// runList is a list with room on both sides: an insertion moves what stands on
// its shorter side, so one at an end moves nothing. Deltas that arrive in the
// reverse order of their numbers put every run before all others.
type runList struct {
	buf []Interval // the list is buf[off:]
	off int
}

// newRunList returns a list of copies, or nil for none.
func newRunList(runs []Interval) *runList {
	if len(runs) == 0 {
		return nil
	}
	return &runList{buf: append(make([]Interval, 0, len(runs)), runs...)}
}

func (l *runList) runs() []Interval { return l.buf[l.off:] }

// splice replaces elements [from, to) by in.
func (l *runList) splice(from, to int, in []Interval) {
	n, grow := len(l.runs()), len(in)-(to-from)
	front := from < n-to // the front is shorter
	if front && grow > l.off || !front && grow > cap(l.buf)-len(l.buf) {
		l.reserve(grow, front)
	}
	if front {
		l.off -= grow
		copy(l.runs(), l.buf[l.off+grow:][:from])
	} else {
		tail := l.runs()[to:]
		l.buf = l.buf[:len(l.buf)+grow]
		copy(l.runs()[to+grow:], tail)
	}
	copy(l.runs()[from:], in)
	if cap(l.buf) > 32 && len(l.runs()) < cap(l.buf)/4 { // give back the memory of what is gone
		*l = runList{buf: append([]Interval{}, l.runs()...)}
	}
}

// reserve makes room for n elements, and half as many again as there are, at
// one end. The other end keeps its room.
func (l *runList) reserve(n int, front bool) {
	was := l.runs()
	room := n + len(was)/2 + 1
	off, tail := min(l.off, room), min(cap(l.buf)-len(l.buf), room)
	if front {
		off = room
	} else {
		tail = room
	}
	l.buf = append(make([]Interval, off, off+len(was)+tail), was...)
	l.off = off
}
