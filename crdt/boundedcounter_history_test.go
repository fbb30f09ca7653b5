package crdt_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// An escrowOp is what a mutator did, as the oracle of the tests below keeps it:
// who changed the value and whose rights and room by how much, and which ops its
// replica had seen. It shares nothing with the cells but the rule that a later op
// of one replica to one end shows the earlier ones: line names those.
type escrowOp struct {
	line         string
	value        int64
	rights, room map[clock.ReplicaID]int64
	past         map[int]bool
}

// escrowSite is a process with its copy of the counter. It is a new incarnation
// after each restore.
type escrowSite struct {
	c    *bounded
	id   clock.ReplicaID
	seen map[int]bool
}

func (s *escrowSite) clone() escrowSite {
	return escrowSite{s.c.Clone(), s.id, maps.Clone(s.seen)}
}

type escrowPacket struct {
	delta *bounded
	ops   []int
}

type escrowWorld struct {
	t      *rapid.T
	kind   crdt.Kind[*bounded]
	ops    []escrowOp
	sites  []*escrowSite
	backup []escrowSite
	net    []escrowPacket
	ids    clock.ReplicaID
	truth  int64
}

func (w *escrowWorld) newID() clock.ReplicaID { w.ids++; return w.ids }

// see marks op and the earlier ones of its line as seen.
func (w *escrowWorld) see(seen map[int]bool, op int) {
	for i := range op + 1 {
		if w.ops[i].line == w.ops[op].line {
			seen[i] = true
		}
	}
}

// spec is what a site that has seen these ops must show.
func (w *escrowWorld) spec(seen map[int]bool) (sum int64, rights, room map[clock.ReplicaID]int64, closed bool) {
	rights, room, closed = map[clock.ReplicaID]int64{}, map[clock.ReplicaID]int64{}, true
	for i := range seen {
		op := w.ops[i]
		sum += op.value
		for id, n := range op.rights {
			rights[id] += n
		}
		for id, n := range op.room {
			room[id] += n
		}
		for p := range op.past {
			closed = closed && seen[p]
		}
	}
	return sum, rights, room, closed
}

// check compares what s shows with the specification.
func (w *escrowWorld) check(s *escrowSite) {
	lower, upper := s.c.Bounds()
	sum, rights, room, closed := w.spec(s.seen)
	v := s.c.Value()
	if w.truth < lower || w.truth > upper {
		w.t.Fatalf("acknowledged operations add up to %d, outside [%d, %d]", w.truth, lower, upper)
	}
	if v < lower || v > upper || v != min(max(lower+sum, lower), upper) {
		w.t.Fatalf("replica %d reads %d, want %d within [%d, %d]", s.id, v, lower+sum, lower, upper)
	}
	if closed && v != lower+sum {
		w.t.Fatalf("replica %d reads %d with a closed past, want %d", s.id, v, lower+sum)
	}
	held := maps.Collect(s.c.Rights())
	for id := range w.ids {
		if want := uint64(max(0, rights[id+1])); s.c.Spendable(id+1) != want || held[id+1] != want {
			w.t.Fatalf("replica %d says that %d can spend %d, want %d", s.id, id+1, s.c.Spendable(id+1), want)
		}
		if want := uint64(max(0, room[id+1])); w.limited() && s.c.Grantable(id+1) != want {
			w.t.Fatalf("replica %d says that %d can grant %d, want %d", s.id, id+1, s.c.Grantable(id+1), want)
		}
	}
}

func (w *escrowWorld) limited() bool {
	_, upper := w.kind.New().Bounds()
	return upper < 1<<62
}

// do runs a transaction of a few mutators at s.
func (w *escrowWorld) do(s *escrowSite) {
	var made []int
	delta, err := crdt.Mutate(s.c, writer(s.id), func(tx *crdt.Tx, c *bounded) error {
		for range rapid.IntRange(1, 3).Draw(w.t, "mutators") {
			made = append(made, w.mutate(tx, c, s)...)
		}
		return nil
	})
	if err != nil {
		w.t.Fatalf("Mutate: %v", err)
	}
	if (delta == nil) != (len(made) == 0) {
		w.t.Fatalf("%d operations made the delta %v", len(made), delta)
	}
	if delta == nil {
		return
	}
	lines := map[string]bool{}
	for _, i := range made {
		lines[w.ops[i].line] = true
		w.truth += w.ops[i].value
	}
	if len(delta.Torn()) != len(lines) {
		w.t.Fatalf("a delta of %d cells for changes of %d", len(delta.Torn()), len(lines))
	}
	w.net = append(w.net, escrowPacket{delta, made})
}

// mutate does what is drawn and returns the numbers of the ops that it was, having
// checked that it was refused exactly when the site lacks what it takes.
func (w *escrowWorld) mutate(tx *crdt.Tx, c *bounded, s *escrowSite) []int {
	n := rapid.Int64Range(1, 6).Draw(w.t, "n")
	to := clock.ReplicaID(rapid.Uint64Range(1, uint64(w.ids)).Draw(w.t, "to"))
	_, rights, room, _ := w.spec(s.seen)
	id, self := s.id, func(n int64) map[clock.ReplicaID]int64 { return map[clock.ReplicaID]int64{s.id: n} }
	move := func(to clock.ReplicaID, n int64) map[clock.ReplicaID]int64 {
		return map[clock.ReplicaID]int64{s.id: -n, to: n}
	}
	switch what := rapid.IntRange(0, 9).Draw(w.t, "what"); {
	case what <= 2:
		return w.expect(s, c.Grant(tx, uint64(n)), n, room, w.limited(), escrowOp{line: "grant", value: n, rights: self(n), room: self(-n)})
	case what <= 6:
		return w.expect(s, c.Spend(tx, uint64(n)), n, rights, true, escrowOp{line: "spend", value: -n, rights: self(-n), room: self(n)})
	case what == 7 && to != id:
		return w.expect(s, c.Transfer(tx, to, uint64(n)), n, rights, true, escrowOp{line: "transfer" + to.String(), rights: move(to, n)})
	case what == 8 && to != id && w.limited():
		return w.expect(s, c.TransferRoom(tx, to, uint64(n)), n, room, true, escrowOp{line: "move" + to.String(), room: move(to, n)})
	case what == 9 && to != id:
		if err := c.Close(tx, to); err != nil {
			w.t.Fatalf("Close: %v", err)
		}
		var made []int
		if n := rights[id]; n > 0 {
			made = append(made, w.add(s, escrowOp{line: "transfer" + to.String(), rights: move(to, n)}))
		}
		if n := room[id]; n > 0 && w.limited() {
			made = append(made, w.add(s, escrowOp{line: "move" + to.String(), room: move(to, n)}))
		}
		return made
	}
	return nil
}

// expect checks err against what s holds and adds op if it was done.
func (w *escrowWorld) expect(s *escrowSite, err error, n int64, held map[clock.ReplicaID]int64, taken bool, op escrowOp) []int {
	if !taken || held[s.id] >= n {
		if err != nil {
			w.t.Fatalf("%s of %d refused: %v", op.line, n, err)
		}
		return []int{w.add(s, op)}
	}
	want := crdt.OverdraftError{Want: uint64(n), Here: uint64(held[s.id])}
	for id, m := range held {
		if id != s.id {
			want.Elsewhere += uint64(max(0, m))
		}
	}
	var over *crdt.OverdraftError
	if !errors.As(err, &over) || *over != want {
		w.t.Fatalf("%s of %d = %v, want %v", op.line, n, err, &want)
	}
	return nil
}

func (w *escrowWorld) add(s *escrowSite, op escrowOp) int {
	op.line = s.id.String() + op.line
	op.past = maps.Clone(s.seen)
	w.ops = append(w.ops, op)
	w.see(s.seen, len(w.ops)-1)
	return len(w.ops) - 1
}

// deliver brings a packet to s, or one cell of it: reads must hold even then.
func (w *escrowWorld) deliver(s *escrowSite) {
	i := rapid.IntRange(0, len(w.net)-1).Draw(w.t, "packet")
	p := w.net[i]
	if rapid.IntRange(0, 2).Draw(w.t, "torn") > 0 || len(p.delta.Torn()) != len(p.ops) {
		s.c.Merge(p.delta)
		for _, op := range p.ops {
			w.see(s.seen, op)
		}
		return
	}
	op := rapid.SampledFrom(p.ops).Draw(w.t, "part")
	for _, part := range p.delta.Torn() {
		if part.Line() == w.ops[op].line {
			s.c.Merge(part)
			w.see(s.seen, op)
		}
	}
}

func (w *escrowWorld) step() {
	s := rapid.SampledFrom(w.sites).Draw(w.t, "site")
	switch what := rapid.IntRange(0, 19).Draw(w.t, "step"); {
	case what <= 8:
		w.do(s)
	case what <= 15 && len(w.net) > 0:
		w.deliver(s)
	case what == 16:
		w.backup = append(w.backup, s.clone())
	case what == 17 && len(w.backup) > 0: // what comes back is a new incarnation
		*s = rapid.SampledFrom(w.backup).Draw(w.t, "backup")
		*s = s.clone()
		s.id = w.newID()
	case what == 18: // a restart without a proof
		s.id = w.newID()
	default:
		from := rapid.SampledFrom(w.sites).Draw(w.t, "from")
		s.c.Merge(from.c)
		maps.Copy(s.seen, from.seen)
	}
	w.check(s)
}

// 9c', 9d: in any history of grants, spendings, transfers, closes and restores,
// over a network that loses, repeats, reorders and tears, the acknowledged
// operations keep the bounds, reads are within them, and reads of a causally closed
// view are exact.
func TestBounded9c9dHistories(t *testing.T) {
	t.Parallel()
	for _, k := range []crdt.Kind[*bounded]{crdt.BoundedCounterKind(0, math.MaxInt64), crdt.BoundedCounterKind(-10, math.MaxInt64), crdt.BoundedCounterKind(-10, 10)} {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := &escrowWorld{t: t, kind: k}
				for range 3 {
					w.sites = append(w.sites, &escrowSite{c: k.New(), id: w.newID(), seen: map[int]bool{}})
				}
				w.start(w.sites[0])
				for range rapid.IntRange(1, 60).Draw(t, "steps") {
					w.step()
				}
				w.converge()
			})
		})
	}
}

// start opens the counter at 0, at one replica.
func (w *escrowWorld) start(s *escrowSite) {
	lower, upper := s.c.Bounds()
	delta, err := crdt.Mutate(s.c, writer(s.id), func(tx *crdt.Tx, c *bounded) error { return c.Start(tx, 0) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.truth = lower
	var made []int
	if w.limited() {
		made = append(made, w.add(s, escrowOp{line: "room", room: map[clock.ReplicaID]int64{s.id: upper - lower}}))
	}
	if lower < 0 {
		made = append(made, w.add(s, escrowOp{line: "grant", value: -lower, rights: map[clock.ReplicaID]int64{s.id: -lower}, room: map[clock.ReplicaID]int64{s.id: lower}}))
		w.truth -= lower
	}
	if len(made) > 0 {
		w.net = append(w.net, escrowPacket{delta, made})
	}
}

// converge merges every delta everywhere.
func (w *escrowWorld) converge() {
	for _, s := range w.sites {
		for _, p := range w.net {
			s.c.Merge(p.delta)
		}
		if s.c.Value() != w.truth || !s.c.Equal(w.sites[0].c) {
			w.t.Fatalf("converged to %v, want %d", s.c, w.truth)
		}
		if held := slices.Sorted(maps.Values(maps.Collect(s.c.Rights()))); sum(held) != w.truth-lowerOf(s.c) {
			w.t.Fatalf("rights to spend are %v, the value is %d above its bound", held, w.truth-lowerOf(s.c))
		}
	}
}

func sum(all []uint64) (n int64) {
	for _, v := range all {
		n += int64(v)
	}
	return n
}

func lowerOf(c *bounded) int64 {
	lower, _ := c.Bounds()
	return lower
}
