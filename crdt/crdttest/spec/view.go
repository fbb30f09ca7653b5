package spec

import (
	"slices"
	"strconv"
	"strings"
)

// View is what one replica has seen of an object.
type View struct {
	h    *History
	seen Set
	// counted is seen and the increments that totals in it repeat; ended is what
	// operations in seen end.
	counted, ended Set
	live           map[string][]int // path to operations that are counted and not ended, in order
}

// View returns a view that has seen nothing.
func (h *History) View() *View {
	return &View{h: h, live: map[string][]int{}}
}

// Clone returns a copy of v.
func (v *View) Clone() *View {
	c := *v
	c.seen, c.counted, c.ended = v.seen.Clone(), v.counted.Clone(), v.ended.Clone()
	c.live = make(map[string][]int, len(v.live))
	for p, ops := range v.live {
		c.live[p] = slices.Clone(ops)
	}
	return &c
}

// Do issues the operations of one transaction in v and returns their numbers.
// They become visible in v at once.
func (v *View) Do(tx ...Op) []int {
	var ids []int
	for _, o := range tx {
		op := &o
		op.id, op.past = len(v.h.ops), v.seen.Clone()
		op.past.Union(&v.counted)
		op.saw = op.past.Clone()
		switch {
		case op.Verb == Inc:
			v.continueRun(op)
		case op.Seen != nil:
			v.endSeen(op, ids)
		default:
			v.endLive(op)
		}
		v.h.ops = append(v.h.ops, op)
		ids = append(ids, op.id)
		v.See(op.id)
	}
	v.closeRuns(ids)
	return ids
}

// about reports whether an operation is about what stands at path.
func (o *Op) about(path string) bool {
	return path == o.Path || o.Verb == Kill && under(path, o.Path)
}

// endLive lets an operation end what v shows.
func (v *View) endLive(op *Op) {
	for p, ops := range v.live {
		if op.about(p) {
			op.ends = append(op.ends, ops...)
		}
	}
	slices.Sort(op.ends)
}

// endSeen lets an operation of the transaction tx end what its reader saw, except
// what v knows to be ended. With an increment goes all of its run so far, unless it
// is one of tx: that leaves no trace of its own.
func (v *View) endSeen(op *Op, tx []int) {
	op.saw = op.Seen.Clone()
	for _, id := range tx {
		op.saw.Add(id)
	}
	for _, id := range v.live[op.Path] {
		if op.Own && v.h.ops[id].Replica == op.Replica {
			op.saw.Add(id)
		}
	}
	op.past.Union(&op.saw)
	for _, id := range op.saw.Members() {
		e := v.h.ops[id]
		if e.Verb == Kill || e.Verb == Prune || !op.about(e.Path) || v.ended.Has(id) {
			continue
		}
		op.ends = append(op.ends, id)
		if slices.Contains(tx, id) {
			e.carries = nil
		} else {
			op.ends = append(append(op.ends, e.carries...), e.closes...)
		}
	}
}

// continueRun lets an increment repeat the writer's earlier ones, if the last of
// them is live in v; else it starts a new run.
func (v *View) continueRun(op *Op) {
	for _, i := range slices.Backward(v.live[op.Path]) {
		if e := v.h.ops[i]; e.Verb == Inc && e.Replica == op.Replica {
			op.carries = append(slices.Clone(e.carries), i)
			return
		}
	}
}

// closeRuns lets each increment that outlived its own transaction end what the
// start of its run closed: the writer's earlier increments that were dead then.
// A reader of the new run need not know why they died. A reset that ends
// an increment ends also what the increment carries and closes: it takes the
// whole of the run so far. (See endSeen for one that a reader asked for.)
func (v *View) closeRuns(tx []int) {
	for _, id := range tx {
		op := v.h.ops[id]
		if op.Verb == Kill && op.Seen == nil {
			for _, e := range op.ends {
				if op.ends = append(op.ends, v.h.ops[e].carries...); e < tx[0] {
					op.ends = append(op.ends, v.h.ops[e].closes...)
				}
			}
		}
		if op.Verb != Inc || v.ended.Has(id) {
			continue
		}
		start := id
		if len(op.carries) > 0 {
			start = op.carries[0]
		}
		if start < tx[0] {
			op.closes = v.h.ops[op.carries[len(op.carries)-1]].closes
		} else {
			for _, e := range v.h.ops[:start] {
				if e.Verb == Inc && e.Path == op.Path && e.Replica == op.Replica && v.ended.Has(e.id) {
					op.closes = append(op.closes, e.id)
				}
			}
		}
		op.ends = append(op.ends, op.closes...)
	}
}

// See makes operations visible in v and reports whether one of them was not.
// Operations of one transaction become visible together.
func (v *View) See(ids ...int) (changed bool) {
	for _, id := range ids {
		if !v.seen.Add(id) {
			continue
		}
		changed = true
		op := v.h.ops[id]
		for _, e := range op.ends {
			v.end(e)
		}
		if op.Verb == Kill || op.Verb == Prune {
			continue
		}
		for _, c := range op.carries {
			v.count(c)
		}
		v.count(id)
	}
	return changed
}

func (v *View) count(id int) {
	if !v.counted.Add(id) || v.ended.Has(id) {
		return
	}
	p := v.h.ops[id].Path
	i, _ := slices.BinarySearch(v.live[p], id)
	v.live[p] = slices.Insert(v.live[p], i, id)
}

func (v *View) end(id int) {
	if !v.ended.Add(id) || !v.counted.Has(id) {
		return
	}
	p := v.h.ops[id].Path
	ops := v.live[p]
	i, _ := slices.BinarySearch(ops, id)
	if ops = slices.Delete(ops, i, i+1); len(ops) == 0 {
		delete(v.live, p)
		return
	}
	v.live[p] = ops
}

// Seen returns what is visible in v. It belongs to v.
func (v *View) Seen() *Set { return &v.seen }

// Known returns what a reader of v saw, for Op.Seen: what is visible, and what of
// the rest is repeated or ended by that.
func (v *View) Known() *Set {
	out := v.seen.Clone()
	out.Union(&v.counted)
	out.Union(&v.ended)
	return &out
}

// Closed reports whether the past of everything visible is visible.
func (v *View) Closed() bool {
	for _, id := range v.seen.Members() {
		if !v.h.ops[id].past.Within(&v.seen) {
			return false
		}
	}
	return true
}

// Reads returns what v must show: for each path with something live and no
// denial, the counter's sum as "#n", or the values put there, sorted and joined by
// bars, or "+" for a value that is only there (a set's element).
func (v *View) Reads() map[string]string {
	out := make(map[string]string, len(v.live))
	for p, ops := range v.live {
		if !slices.ContainsFunc(ops, v.denies) {
			out[p] = v.read(ops)
		}
	}
	return out
}

func (v *View) denies(id int) bool { return v.h.ops[id].Verb == Deny }

// Present reports whether anything but denials is live at or below path: whether
// a map has that key. What is live may be denied, so that nothing is read there.
func (v *View) Present(path string) bool {
	for p, ops := range v.live {
		if under(p, path) && slices.ContainsFunc(ops, func(id int) bool { return !v.denies(id) }) {
			return true
		}
	}
	return false
}

// Live returns the numbers of the operations that are live at path, in order. The
// slice belongs to v.
func (v *View) Live(path string) []int { return v.live[path] }

func (v *View) read(ops []int) string {
	if v.h.ops[ops[0]].Verb == Inc {
		var sum int64
		for _, i := range ops {
			sum += v.h.ops[i].N
		}
		return "#" + strconv.FormatInt(sum, 10)
	}
	var values []string
	for _, i := range ops {
		values = append(values, v.h.ops[i].Value)
	}
	slices.Sort(values)
	if values[len(values)-1] == "" {
		return "+"
	}
	return strings.Join(values, "|")
}

// Without returns a view of the same history that has seen what v has, but not
// these operations.
func (v *View) Without(ids ...int) *View {
	out := v.h.View()
	for _, id := range v.seen.Members() {
		if !slices.Contains(ids, id) {
			out.See(id)
		}
	}
	return out
}
