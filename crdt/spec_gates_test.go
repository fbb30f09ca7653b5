package crdt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

var items = []string{"a", "b", "c"} // what item draws from

// gates are fields of the types that say yes and no, alone and as map values.
type gates struct {
	seen    *crdt.Field[*crdt.EWFlag]
	frozen  *crdt.Field[*crdt.DWFlag]
	blocked *crdt.Field[*crdt.RWSet[string]]
	roles   *crdt.Field[*crdt.AWMap[string, *crdt.RWSet[string]]]
	locks   *crdt.Field[*crdt.AWMap[string, *crdt.DWFlag]]

	noClear bool // of RWSets: which elements a Clear removes depends on the reader
}

func newGates() *gates {
	return &gates{
		seen:    crdt.NewField("seen", crdt.EWFlagKind()),
		frozen:  crdt.NewField("frozen", crdt.DWFlagKind()),
		blocked: crdt.NewField("blocked", crdt.RWSetKind(crdt.String)),
		roles:   crdt.NewField("roles", crdt.AWMapKind(crdt.String, crdt.RWSetKind(crdt.String))),
		locks:   crdt.NewField("locks", crdt.AWMapKind(crdt.String, crdt.DWFlagKind())),
	}
}

func (g *gates) fields() []crdt.DocField {
	return []crdt.DocField{g.seen, g.frozen, g.blocked, g.roles, g.locks}
}

// shown reads the fields through their public faces, in the form of spec.Reads.
func (g *gates) shown(d *crdt.Doc) map[string]string {
	out := map[string]string{}
	on := func(path string, is bool) {
		if is {
			out[path] = "+"
		}
	}
	set := func(path string, s *crdt.RWSet[string]) {
		n := 0
		for e := range s.All() {
			on(path+"/"+e, s.Contains(e))
			n++
		}
		if n != s.Len() {
			panic(fmt.Sprintf("%s has %d elements, but Len is %d", path, n, s.Len()))
		}
	}
	on("seen", g.seen.In(d).IsEnabled())
	on("frozen", g.frozen.In(d).IsEnabled())
	set("blocked", g.blocked.In(d))
	for k, s := range g.roles.In(d).All() {
		set("roles/"+k, s)
	}
	for k, f := range g.locks.In(d).All() {
		on("locks/"+k, f.IsEnabled())
	}
	return out
}

// change draws one mutation, does it, and says it in the words of spec.
func (g *gates) change(t *rapid.T, tx *crdt.Tx, d *crdt.Doc, id int) []spec.Op {
	k, e := item(t), item(t)
	op := func(v spec.Verb, path string) []spec.Op { return []spec.Op{{Verb: v, Path: path, Replica: id}} }
	switch rapid.IntRange(0, 11).Draw(t, "gate") {
	case 0:
		g.seen.In(d).Enable(tx)
		return op(spec.Put, "seen")
	case 1:
		g.seen.In(d).Disable(tx)
		return op(spec.Kill, "seen")
	case 2, 3:
		return changeDW(t, tx, g.frozen.In(d), "frozen")
	case 4, 5, 6:
		return g.changeRW(t, tx, g.blocked.In(d), "blocked", e)
	case 7, 8:
		return g.changeRW(t, tx, g.roles.In(d).At(k), "roles/"+k, e)
	case 9:
		return changeDW(t, tx, g.locks.In(d).At(k), "locks/"+k)
	case 10:
		g.roles.In(d).Remove(tx, k)
		return op(spec.Kill, "roles/"+k)
	default:
		if coin(t) {
			g.locks.In(d).Remove(tx, k)
			return op(spec.Kill, "locks/"+k)
		}
		if name := rapid.SampledFrom([]string{"", "seen", "frozen", "blocked", "roles", "locks"}).Draw(t, "name"); name != "" {
			d.Remove(tx, name)
			return op(spec.Kill, name)
		}
		d.Clear(tx)
		return op(spec.Kill, "")
	}
}

func changeDW(t *rapid.T, tx *crdt.Tx, f *crdt.DWFlag, path string) []spec.Op {
	switch rapid.IntRange(0, 4).Draw(t, "op") {
	case 0:
		f.Reset(tx)
		return []spec.Op{{Verb: spec.Kill, Path: path}}
	case 1, 2:
		f.Disable(tx)
		return []spec.Op{{Verb: spec.Deny, Path: path}}
	default:
		f.Enable(tx)
		return []spec.Op{{Verb: spec.Put, Path: path}}
	}
}

func changeRW(t *rapid.T, tx *crdt.Tx, s *crdt.RWSet[string], path, e string) []spec.Op {
	return new(gates).changeRW(t, tx, s, path, e)
}

func (g *gates) changeRW(t *rapid.T, tx *crdt.Tx, s *crdt.RWSet[string], path, e string) (ops []spec.Op) {
	op := rapid.IntRange(0, 8).Draw(t, "op")
	if op == 1 && g.noClear {
		op = 0
	}
	switch op {
	case 0:
		s.Reset(tx)
		return []spec.Op{{Verb: spec.Kill, Path: path}}
	case 1:
		for e := range s.All() {
			ops = append(ops, spec.Op{Verb: spec.Deny, Path: path + "/" + e})
		}
		s.Clear(tx)
		return ops
	case 2, 3, 4:
		s.Remove(tx, e)
		return []spec.Op{{Verb: spec.Deny, Path: path + "/" + e}}
	default:
		s.Add(tx, e)
		return []spec.Op{{Verb: spec.Put, Path: path + "/" + e}}
	}
}

// places are all paths where something can be denied, and keys all paths that
// are present or not.
func places() (denied, keys []string) {
	denied, keys = []string{"frozen"}, []string{"seen", "frozen", "blocked", "roles", "locks"}
	for _, k := range items {
		denied = append(denied, "locks/"+k, "blocked/"+k)
		keys = append(keys, "locks/"+k, "roles/"+k)
		for _, e := range items {
			denied = append(denied, "roles/"+k+"/"+e)
		}
	}
	return denied, keys
}

// pruned returns what a prune at replica i ends: places with a denial where all
// that is live is stable.
func (w *specWorld[S]) pruned(i int, stable map[int]bool) (ops []spec.Op) {
	denied, _ := places()
	for _, path := range denied {
		no, all := false, true
		for _, id := range w.nodes[i].view.Live(path) {
			no = no || w.h.Op(id).Verb == spec.Deny
			all = all && stable[w.from[id]]
		}
		if no && all {
			ops = append(ops, spec.Op{Verb: spec.Prune, Path: path, Replica: i})
		}
	}
	return ops
}

// checkPresence checks which fields and keys replica i shows.
func (g *gates) checkPresence(w *specWorld[*crdt.Doc], i int) {
	n := w.nodes[i]
	var names []string
	for name := range n.doc.Fields() {
		names = append(names, name)
	}
	_, keys := places()
	for _, path := range keys {
		field, key, nested := strings.Cut(path, "/")
		got := slices.Contains(names, field)
		switch {
		case nested && field == "roles":
			got = g.roles.In(n.doc).Contains(key)
		case nested:
			got = g.locks.In(n.doc).Contains(key)
		}
		if want := n.view.Present(path); got != want {
			w.t.Fatalf("replica %d: %s is present: %t, want %t\n%s", i, path, got, want, strings.Join(w.story, "\n"))
		}
	}
}

// pruneAt has replica i prune what is stable, after some whole states went around.
func (g *gates) pruneAt(w *specWorld[*crdt.Doc], i int) (places int) {
	for range rapid.IntRange(0, 6).Draw(w.t, "pulls") {
		at, from := rapid.IntRange(0, 2).Draw(w.t, "at"), rapid.IntRange(0, 2).Draw(w.t, "from")
		w.pull(at, from)
		w.check(at)
	}
	packets, events := w.stable(i)
	ops := w.pruned(i, packets)
	delta := w.mutate(i, func(tx *crdt.Tx, d *crdt.Doc) []spec.Op { d.Prune(tx, events); return ops })
	if delta.IsBottom() != (len(ops) == 0) {
		w.t.Fatalf("replica %d pruned with an event: %t, but %d places", i, !delta.IsBottom(), len(ops))
	}
	w.check(i)
	return len(ops)
}

// TestSpecificationPruned adds prunes by every replica. What they end, they end
// in the specification too, and Naive, which knows no prune, says that nobody
// who has seen all of the past can tell.
func TestSpecificationPruned(t *testing.T) {
	g := newGates()
	k := crdt.DocKind(g.fields()...)
	pruned := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := newSpecWorld(rt, k, g.change, g.shown)
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			if i := rapid.IntRange(0, 7).Draw(rt, "prunes"); i < len(w.nodes) {
				pruned += g.pruneAt(w, i)
			} else {
				w.step()
			}
			for i := range w.nodes {
				g.checkPresence(w, i)
			}
		}
	})
	if pruned == 0 && !testing.Short() { // which runs few histories
		t.Error("no history pruned anything")
	}
}
