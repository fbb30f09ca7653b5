package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

var sealKey = []byte("a key of the stores, 16 or longer")

// glimpse is what a client saw at some replica at some time.
type glimpse struct {
	context *clock.Context
	known   *spec.Set
	snap    *crdt.Snapshot
	top     string // what the snapshot is of
}

// readers is a specWorld whose transactions may be on behalf of clients, who carry
// what they saw at one replica to another, late or never, and mix it.
type readers[S crdt.Lattice[S]] struct {
	*specWorld[S]
	readersOf[S]
	glimpses []glimpse
	outcomes map[string]int
}

// readersOf says what a type lets readers do.
type readersOf[S crdt.Lattice[S]] struct {
	// snapshot takes one of a part of s, and says of which.
	snapshot func(t *rapid.T, s S) (*crdt.Snapshot, string)
	// far reports whether an operation may act on what its replica lacks.
	far func(op spec.Op, snap bool, top string) bool
	// lww reports whether path is that of an LWWRegister.
	lww func(path string) bool
}

// look lets a client read replica i, and keep what a sealed snapshot says.
func (w *readers[S]) look(i int) {
	n := w.nodes[i]
	snap, top := w.snapshot(w.t, n.doc)
	sealed, err := snap.Seal(sealKey, "key")
	if err != nil {
		w.t.Fatal(err)
	}
	if snap, err = crdt.OpenSnapshot(sealKey, "key", sealed); err != nil {
		w.t.Fatal(err)
	}
	w.tell("client %d reads replica %d and keeps a snapshot of %q", len(w.glimpses), i, top)
	w.glimpses = append(w.glimpses, glimpse{crdt.ContextOf(n.doc), n.view.Known(), snap, top})
}

// draw returns what a client goes by who writes at replica i now, and the option
// that says so. Every other time it is one whom the replica can follow.
func (w *readers[S]) draw(i int) (g glimpse, opt crdt.Option) {
	has := crdt.ContextOf(w.nodes[i].doc)
	near := slices.DeleteFunc(slices.Clone(w.glimpses), func(g glimpse) bool { return !has.Covers(g.context) })
	pick := func() glimpse {
		if rapid.Bool().Draw(w.t, "near") && len(near) > 0 {
			return rapid.SampledFrom(near).Draw(w.t, "client")
		}
		return rapid.SampledFrom(w.glimpses).Draw(w.t, "client")
	}
	switch how := rapid.IntRange(0, 5).Draw(w.t, "how"); {
	case how == 0 || len(w.glimpses) == 0:
		w.tell("blind:")
		g = glimpse{context: &clock.Context{}, known: &spec.Set{}}
	case how == 1:
		a, b := pick(), pick()
		g = glimpse{context: a.context.Clone(), known: b.known}
		g.context.Merge(b.context)
		both := a.known.Clone()
		both.Union(b.known)
		g.known = &both
		w.tell("with two tokens:")
	case how <= 3:
		g = pick()
		g.snap = nil
		w.tell("with a token:")
	default:
		g = pick()
		w.tell("with a snapshot of %q:", g.top)
		return g, crdt.SeenSnapshot(g.snap)
	}
	return g, crdt.Seen(g.context)
}

// act runs a transaction on behalf of a client at replica i.
func (w *readers[S]) act(i int) {
	n := w.nodes[i]
	g, opt := w.draw(i)
	before, was := n.doc.Clone(), w.bytes(n.doc)
	delta, ops, err := w.try(i, func(tx *crdt.Tx, s S) (ops []spec.Op) {
		for range rapid.IntRange(1, 3).Draw(w.t, "ops") {
			ops = append(ops, w.change(w.t, tx, s, i)...)
		}
		return ops
	}, opt)
	lacks := g.context.Minus(crdt.ContextOf(before))
	if err != nil {
		w.refused(i, g, ops, lacks, err)
		if n.w.last.Lo != 1 || n.w.last.Hi != 0 || !bytes.Equal(w.bytes(n.doc), was) {
			w.t.Fatalf("replica %d: %v, but something was changed or a number burned", i, err)
		}
		return
	}
	w.outcomes["done"]++
	for k := range ops {
		if op := &ops[k]; op.Verb != spec.Inc {
			op.Seen, op.Replica = g.known, i
			op.Own = op.Verb == spec.Put && w.lww(op.Path)
			if !lacks.IsEmpty() {
				w.outcomes["far"]++
				if !w.far(*op, g.snap != nil, g.top) {
					w.t.Fatalf("replica %d did %+v, but lacks %v\n%s", i, *op, lacks, strings.Join(w.story, "\n"))
				}
			}
		}
	}
	w.done(i, delta, ops)
	if before.Merge(delta); !before.Equal(n.doc) || !bytes.Equal(w.bytes(before), w.bytes(n.doc)) {
		w.t.Fatalf("replica %d: the state before and the delta are not the state after\n%s", i, strings.Join(w.story, "\n"))
	}
}

func (w *readers[S]) bytes(s S) []byte {
	b, err := crdt.AppendFrame(nil, w.kind, s)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// refused checks that a transaction failed for a reason.
func (w *readers[S]) refused(i int, g glimpse, ops []spec.Op, lacks *clock.Context, err error) {
	var behind *crdt.BehindError
	var ahead *crdt.AheadError
	switch {
	case errors.As(err, &behind) && errors.Is(err, crdt.ErrBehind):
		w.outcomes["behind"]++
		if lacks.IsEmpty() || !behind.Missing.Equal(lacks) {
			w.t.Fatalf("replica %d: %v, but it lacks %v", i, err, lacks)
		}
	case errors.As(err, &ahead) && errors.Is(err, crdt.ErrAhead) && len(ahead.Totals) > 0:
		w.outcomes["ahead"]++
		moved := slices.ContainsFunc(ops, func(op spec.Op) bool {
			return op.Verb == spec.Kill && w.unseen(i, op.Path, g) && (g.snap == nil || !under(op.Path, g.top))
		})
		if !moved {
			w.t.Fatalf("replica %d: %v, but no counter has moved on\n%s", i, err, strings.Join(w.story, "\n"))
		}
	default:
		w.t.Fatalf("replica %d: %v", i, err)
	}
}

// unseen reports whether replica i shows an increment below path that a client has
// not seen.
func (w *readers[S]) unseen(i int, path string, g glimpse) bool {
	for k := range w.h.Len() {
		op := w.h.Op(k)
		if op.Verb == spec.Inc && under(op.Path, path) && !g.known.Has(k) && slices.Contains(w.nodes[i].view.Live(op.Path), k) {
			return true
		}
	}
	return false
}

func under(path, p string) bool { return p == "" || path == p || strings.HasPrefix(path, p+"/") }

// checkReaders runs random histories of a type.
func checkReaders[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], of readersOf[S], change func(*rapid.T, *crdt.Tx, S, int) []spec.Op, shown func(S) map[string]string, want ...string) {
	t.Helper()
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := &readers[S]{specWorld: newSpecWorld(rt, k, change, shown), readersOf: of, outcomes: outcomes}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			i := rapid.IntRange(0, 2).Draw(rt, "at")
			switch what := rapid.IntRange(0, 9).Draw(rt, "step"); {
			case what <= 1:
				w.look(i)
			case what <= 4:
				w.act(i)
				w.check(i)
			default:
				w.step()
			}
		}
		for range 2 { // all see all, and agree
			for i := range w.nodes {
				for j := range w.nodes {
					w.pull(i, j)
				}
				w.check(i)
			}
		}
		for i := range w.nodes {
			if !w.nodes[i].doc.Equal(w.nodes[0].doc) {
				rt.Fatalf("replicas 0 and %d have seen the same and differ\n%s", i, strings.Join(w.story, "\n"))
			}
		}
	})
	t.Log(outcomes)
	for _, o := range want {
		if outcomes[o] == 0 && !testing.Short() {
			t.Errorf("no history had the outcome %q", o)
		}
	}
}

// TestSpecificationSeen checks transactions on behalf of readers in a document with
// all types: whatever a client saw, wherever, however late it comes, the document
// shows what the operations require.
func TestSpecificationSeen(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.noClear = true
	of := readersOf[*crdt.Doc]{
		snapshot: func(t *rapid.T, d *crdt.Doc) (*crdt.Snapshot, string) {
			switch k := item(t); rapid.IntRange(0, 4).Draw(t, "top") {
			case 0:
				return crdt.SnapshotOf(a.balance.In(d)), "balance"
			case 1:
				return crdt.SnapshotOf(a.funds.In(d)), "funds"
			case 2:
				return crdt.SnapshotOf(a.funds.In(d).At(k)), "funds/" + k
			default:
				return crdt.SnapshotOf(d), ""
			}
		},
		far: func(op spec.Op, snap bool, top string) bool {
			counter := op.Path == "balance" || strings.Count(op.Path, "/") == 2 && strings.HasPrefix(op.Path, "funds/")
			return op.Verb == spec.Kill && snap && counter && under(op.Path, top)
		},
		lww: func(path string) bool { return path == "owner" },
	}
	change := func(t *rapid.T, tx *crdt.Tx, d *crdt.Doc, id int) []spec.Op {
		if k, l := item(t), item(t); rapid.IntRange(0, 7).Draw(t, "reset") == 0 {
			a.funds.In(d).At(k).At(l).Reset(tx)
			return []spec.Op{{Verb: spec.Kill, Path: "funds/" + k + "/" + l, Replica: id}}
		}
		return a.change(t, tx, d, id)
	}
	checkReaders(t, a.kind, of, change, a.shown, "done", "behind") // sometimes also "ahead" and "far"
}

// leaf is what readers may do with an object that is one register, flag or set.
func leaf[S crdt.Lattice[S]](far func(spec.Op, bool) bool, lww bool) readersOf[S] {
	return readersOf[S]{
		snapshot: func(_ *rapid.T, s S) (*crdt.Snapshot, string) { return crdt.SnapshotOf(s), "" },
		far:      func(op spec.Op, snap bool, _ string) bool { return far(op, snap) },
		lww:      func(string) bool { return lww },
	}
}

func always(spec.Op, bool) bool { return true }
func never(spec.Op, bool) bool  { return false }

// op is the operation on a whole object.
func op(v spec.Verb, id int) []spec.Op { return []spec.Op{{Verb: v, Replica: id}} }

func shownAs(text string, is bool) map[string]string {
	if !is {
		return map[string]string{}
	}
	return map[string]string{"": text}
}

// TestSpecificationSeenCounter checks a counter that is an object of its own: with
// a snapshot a reset acts also on what its replica lacks.
func TestSpecificationSeenCounter(t *testing.T) {
	t.Parallel()
	snapped := func(_ spec.Op, snap bool) bool { return snap }
	checkReaders(t, crdt.CounterKind(), leaf[*crdt.Counter](snapped, false),
		func(t *rapid.T, tx *crdt.Tx, c *crdt.Counter, id int) []spec.Op {
			if rapid.IntRange(0, 3).Draw(t, "op") == 0 {
				c.Reset(tx)
				return op(spec.Kill, id)
			}
			n := rapid.Int64Range(-3, 9).Draw(t, "n")
			c.Add(tx, n)
			return []spec.Op{{Verb: spec.Inc, N: n, Replica: id}}
		},
		func(c *crdt.Counter) map[string]string { return shownAs("#"+c.String(), !c.IsEmpty()) },
		"done", "behind", "far") // mostly also "ahead"
}

// changeRegister sets or clears a register that is an object of its own.
func changeRegister[R interface {
	Set(tx *crdt.Tx, v string)
	Clear(tx *crdt.Tx)
}](t *rapid.T, tx *crdt.Tx, r R, id int) []spec.Op {
	if rapid.IntRange(0, 4).Draw(t, "op") == 0 {
		r.Clear(tx)
		return op(spec.Kill, id)
	}
	v := fmt.Sprintf("%s%d", item(t), id)
	r.Set(tx, v)
	return []spec.Op{{Verb: spec.Put, Value: v, Replica: id}}
}

// TestSpecificationSeenWhole checks registers and flags that are objects of their
// own: their writes take a context wherever it came from.
func TestSpecificationSeenWhole(t *testing.T) {
	t.Parallel()
	t.Run("LWWRegister", func(t *testing.T) {
		t.Parallel()
		type register = *crdt.LWWRegister[string]
		checkReaders(t, crdt.LWWRegisterKind(crdt.String), leaf[register](always, true), changeRegister[register],
			func(r register) map[string]string {
				var all []string
				for s := range r.Siblings() {
					all = append(all, s.Value)
				}
				slices.Sort(all)
				return shownAs(strings.Join(all, "|"), len(all) > 0)
			}, "done", "far")
	})
	t.Run("MVRegister", func(t *testing.T) {
		t.Parallel()
		type register = *crdt.MVRegister[string]
		checkReaders(t, crdt.MVRegisterKind(crdt.String), leaf[register](always, false), changeRegister[register],
			func(r register) map[string]string {
				return shownAs(strings.Join(slices.Sorted(r.Values()), "|"), r.Len() > 0)
			}, "done", "far")
	})
	t.Run("EWFlag", func(t *testing.T) {
		t.Parallel()
		checkReaders(t, crdt.EWFlagKind(), leaf[*crdt.EWFlag](always, false),
			func(t *rapid.T, tx *crdt.Tx, f *crdt.EWFlag, id int) []spec.Op {
				if coin(t) {
					f.Disable(tx)
					return op(spec.Kill, id)
				}
				f.Enable(tx)
				return op(spec.Put, id)
			},
			func(f *crdt.EWFlag) map[string]string { return shownAs("+", f.IsEnabled()) }, "done", "far")
	})
	t.Run("DWFlag", func(t *testing.T) {
		t.Parallel()
		checkReaders(t, crdt.DWFlagKind(), leaf[*crdt.DWFlag](always, false),
			func(t *rapid.T, tx *crdt.Tx, f *crdt.DWFlag, _ int) []spec.Op { return changeDW(t, tx, f, "") },
			func(f *crdt.DWFlag) map[string]string { return shownAs("+", f.IsEnabled()) }, "done", "far")
	})
}

// TestSpecificationSeenSets checks sets that are objects of their own: elements
// are parts, and wait for what the reader saw.
func TestSpecificationSeenSets(t *testing.T) {
	t.Parallel()
	g := &gates{noClear: true}
	elements := func(all []string) map[string]string {
		out := map[string]string{}
		for _, e := range all {
			out["/"+e] = "+"
		}
		return out
	}
	t.Run("AWSet", func(t *testing.T) {
		t.Parallel()
		type set = *crdt.AWSet[string]
		checkReaders(t, crdt.AWSetKind(crdt.String), leaf[set](never, false),
			func(t *rapid.T, tx *crdt.Tx, s set, id int) []spec.Op {
				e := item(t)
				switch rapid.IntRange(0, 5).Draw(t, "op") {
				case 0:
					s.Clear(tx)
					return op(spec.Kill, id)
				case 1, 2:
					s.Remove(tx, e)
					return []spec.Op{{Verb: spec.Kill, Path: "/" + e}}
				}
				s.Add(tx, e)
				return []spec.Op{{Verb: spec.Put, Path: "/" + e}}
			},
			func(s set) map[string]string { return elements(slices.Collect(s.All())) }, "done", "behind")
	})
	t.Run("RWSet", func(t *testing.T) {
		t.Parallel()
		type set = *crdt.RWSet[string]
		checkReaders(t, crdt.RWSetKind(crdt.String), leaf[set](never, false),
			func(t *rapid.T, tx *crdt.Tx, s set, _ int) []spec.Op { return g.changeRW(t, tx, s, "", item(t)) },
			func(s set) map[string]string { return elements(slices.Collect(s.All())) }, "done", "behind")
	})
}
