package kernel

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// ReadContext is what a reader saw of an object. A transaction on behalf of the reader
// ends nothing that the reader has not seen. The transaction keeps the ReadContext and
// does not change it.
type ReadContext struct {
	// Context is the context of the state that the reader saw.
	Context *clock.Context
	// Missing are the events in Context that the state which the transaction changes does
	// not cover, or nil if there are none.
	Missing *clock.Context
	// Rows is what the reader saw of the counters at and below Top, in order of
	// path, replica and run, if HasRows. Their paths start below Top.
	Rows    []Row
	Top     []string
	HasRows bool
}

// Row is what a state knows of one run of increments at a path: the larger of its
// total and its base, which is all that a reset of what was seen there must take.
type Row struct {
	Path    []string
	Replica clock.ReplicaID
	Run, Lo uint64
	Seq     uint64
	Sum     uint64 // mod 2^64
}

func (r *Row) compareRun(o *Row) int {
	return cmp.Or(cmp.Compare(r.Replica, o.Replica), cmp.Compare(r.Run, o.Run))
}

// Compare orders rows by path, replica and run.
func (r *Row) Compare(o *Row) int {
	return cmp.Or(slices.Compare(r.Path, o.Path), r.compareRun(o))
}

// Rows returns the rows of the runs at and below path that are not closed, in
// order, under their paths from there on. O(n log n) for n totals and bases below.
func (s *State) Rows(path []string) []Row {
	places := make(map[place]bool)
	if pl, ok := s.placeOf(path); ok {
		places[pl] = true
	}
	if id, ok := s.inner(path); ok {
		s.needNodes()
		s.counterPlaces(id, places)
	}
	var out []Row
	for pl := range places {
		out = s.appendRows(out, pl, len(path))
	}
	slices.SortFunc(out, func(a, b Row) int { return a.Compare(&b) })
	return out
}

// counterPlaces adds the places below a node that have totals or bases.
func (s *State) counterPlaces(id nodeID, places map[place]bool) {
	maps.Copy(places, s.totalsIn(id))
	for seg := range s.nodes[id].bases {
		places[place{id, seg}] = true
	}
	for k := range maps.Values(s.nodes[id].kids) {
		s.counterPlaces(k, places)
	}
}

// appendRows appends the rows of one place, in no order, under its path from that
// depth on.
func (s *State) appendRows(out []Row, pl place, depth int) []Row {
	totals, bases := s.totalsAt(nil, pl), s.basesAt(pl)
	if len(totals) == 0 && len(bases) == 0 {
		return out
	}
	path := s.path(pl)[depth:]
	rows := make([]Row, 0, len(totals)+len(bases))
	for i := range totals {
		x := &totals[i]
		rows = append(rows, Row{path, x.dot.Replica, x.Run, x.Lo, x.dot.Seq, x.Sum})
	}
	for _, b := range bases {
		rows = append(rows, Row{path, b.Replica, b.Run, b.Lo, b.Seq, b.Sum})
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(a.compareRun(&b), cmp.Compare(a.Seq, b.Seq)) })
	var closed func(run uint64) bool
	for i := range rows {
		r := &rows[i]
		if i == 0 || rows[i-1].Replica != r.Replica {
			closed = rowsOf(totals, bases, r.Replica).closed()
		}
		if last := i+1 == len(rows) || rows[i+1].compareRun(r) != 0; last && !closed(r.Run) {
			out = append(out, *r)
		}
	}
	return out
}

func startsWith(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// Validate returns an error if the reader's rows cannot stand in a state of that
// schema: they are of another one.
func (v *ReadContext) Validate(top Schema) error {
	for i := range v.Rows {
		if i > 0 && slices.Equal(v.Rows[i].Path, v.Rows[i-1].Path) {
			continue
		}
		at := top
		for _, seg := range slices.Concat(v.Top, v.Rows[i].Path) {
			var err error
			if at, err = at.Below(seg[0], []byte(seg[1:])); err != nil {
				return err
			}
		}
		if err := at.Bases(); err != nil {
			return err
		}
	}
	return nil
}

// last returns the largest number of a replica's events that the reader saw.
func (v *ReadContext) last(id clock.ReplicaID) uint64 {
	n := v.Context.Max(id)
	for i := range v.Rows {
		if r := &v.Rows[i]; r.Replica == id {
			n = max(n, r.Seq)
		}
	}
	return n
}

// See makes the transaction one on behalf of a reader: what it ends is what the
// reader saw, and what the transaction itself made. Increments are as ever: they
// end the writer's own total.
func (t *Tx) See(seen *ReadContext) { t.seen = seen }

// SawRows reports whether the reader's rows say all that it saw of the counters
// at and below path.
func (t *Tx) SawRows(path []string) bool {
	return t.seen != nil && t.seen.HasRows && startsWith(path, t.seen.Top)
}

// EndUnknown ends also what the reader saw and the state does not know: right
// only for a transaction that ends all of the object that the reader saw.
func (t *Tx) EndUnknown() { t.whole = t.seen.Missing != nil }

// EndOwn ends the values at path that the writer itself put there, whether the
// reader saw them or not.
func (t *Tx) EndOwn(path []string) {
	pl, ok := t.s.placeOf(path)
	if !ok {
		return
	}
	x := pl.item()
	var room [8]ref
	for _, r := range t.s.lookup(room[:0], &x) {
		if t.s.dotOf(r).Replica == t.id {
			t.end(r)
		}
	}
}

// Prune is Kill of what holds no totals, whatever the reader saw.
func (t *Tx) Prune(path []string) {
	seen := t.seen
	t.seen = nil
	t.Kill(path)
	t.seen = seen
}

// Ahead returns the totals that the transaction was to end, that the reader has
// not seen, and of which it may have seen a part: nothing says how much. A
// transaction that has any must be rolled back.
func (t *Tx) Ahead() []clock.Dot { return t.ahead }

// saw reports whether the transaction may end what is live under d: there is no
// reader, or it saw it, or the transaction made it.
func (t *Tx) saw(d clock.Dot) bool {
	return t.seen == nil || d.Seq > clock.MaxSeq || t.seen.Context.Contains(d)
}

// noteAhead puts a total that the reader has not seen into Ahead, if the reader may
// have seen an earlier total of the same run. A total repeats all before it in its run,
// so a reset on behalf of that reader must take the earlier sum out of it. What that
// sum was the state cannot tell, unless a base has taken it already or a row of the
// reader says it.
func (t *Tx) noteAhead(pl place, x total) {
	// The reader can have seen the run up to this number.
	part := lastBelow(t.seen.Context, x.dot)
	if part < x.Run || isTaken(t.s.basesAt(pl), clock.Dot{Replica: x.dot.Replica, Seq: part}, x.Run) || t.SawRows(t.s.path(pl)) {
		return
	}
	t.ahead = append(t.ahead, x.dot)
}

// revive undoes the continuation of a run that the reader has not seen: it makes what
// b had ended live again. B itself is no longer live.
func (t *Tx) revive(pl place, b *pendingEntry) {
	for _, c := range t.journal[b.from:] {
		if c.made {
			break
		}
		t.s.restore(c.r)
		t.journal = append(t.journal, change{r: c.r, made: true})
		t.ended--
		t.revived = true
	}
	t.noteAhead(pl, b.prev)
}

// takeRows takes from the counters at and below path what the reader saw there.
func (t *Tx) takeRows(path []string) {
	var below []string
	switch top := t.seen.Top; {
	case startsWith(path, top):
		below = path[len(top):]
	case !startsWith(top, path):
		return
	}
	rows := t.seen.Rows
	i, _ := slices.BinarySearchFunc(rows, below, func(r Row, p []string) int { return slices.Compare(r.Path, p) })
	for rows = rows[i:]; len(rows) > 0 && startsWith(rows[0].Path, below); {
		n := 1
		for n < len(rows) && slices.Equal(rows[n].Path, rows[0].Path) {
			n++
		}
		t.takeRowsAt(rows[:n])
		rows = rows[n:]
	}
}

// takeRowsAt leaves a base for each of the rows of one path. A total that the reader
// saw it ends by name, also one that the state does not know: it comes later, or
// never.
func (t *Tx) takeRowsAt(rows []Row) {
	pl := t.s.ensurePlace(slices.Concat(t.seen.Top, rows[0].Path))
	totals, was := t.s.totalsAt(nil, pl), t.s.basesAt(pl)
	var closed func(run uint64) bool
	var taken []Base
	var seen []ref
	for i := range rows {
		r := &rows[i]
		if i == 0 || rows[i-1].Replica != r.Replica {
			closed = rowsOf(totals, was, r.Replica).closed()
		}
		d := clock.Dot{Replica: r.Replica, Seq: r.Seq}
		if isTaken(was, d, r.Run) || closed(r.Run) {
			continue
		}
		taken = append(taken, baseOf(total{dot: d, Total: Total{Run: r.Run, Lo: r.Lo, Sum: r.Sum}}))
		if !t.s.ctx.Contains(d) {
			t.noteKilled(d)
		} else if live := segment(totals, func(x *total) int { return x.dot.Compare(d) }); len(live) > 0 {
			seen = append(seen, live[0].r)
		}
	}
	t.take(pl, taken)
	for _, r := range seen {
		t.end(r)
	}
}
