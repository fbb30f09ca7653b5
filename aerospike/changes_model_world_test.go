package aerospike_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// world is a process after the other, over one cluster and one journal, and what was
// told of their changes.
type world struct {
	*rapid.T
	client *as.Client
	set    string
	seed   uint64
	kinds  []*kind
	key    string

	gate    *gate
	journal *rows
	engine  *aerospike.Engine
	facts   []*fact
	failed  int   // writes to the journal, before this process
	copied  *rows // of the journal, before
}

func newWorld(rt *rapid.T, c *as.Client, set string, seed uint64, run int64) *world {
	key := strconv.FormatInt(run, 10)
	bits := func(v int64, bit uint) bool { return v>>bit&1 == 1 }
	w := &world{T: rt, client: c, set: set, seed: seed, key: key, journal: newRows(), kinds: []*kind{
		kindOf("set/", key, crdt.AWSetKind(crdt.Uint64),
			func(tx *crdt.Tx, s *crdt.AWSet[uint64], bit uint) { s.Add(tx, uint64(bit)) },
			func(s *crdt.AWSet[uint64], bit uint) bool { return s.Contains(uint64(bit)) }),
		kindOf("sum/", key, crdt.CounterKind(),
			func(tx *crdt.Tx, c *crdt.Counter, bit uint) { c.Add(tx, 1<<bit) },
			func(c *crdt.Counter, bit uint) bool { return bits(c.Value(), bit) }),
		kindOf("pn/", key, crdt.PNCounterKind(),
			func(tx *crdt.Tx, c *crdt.PNCounter, bit uint) { c.Add(tx, 1<<bit) },
			func(c *crdt.PNCounter, bit uint) bool { return bits(c.Value(), bit) }),
	}}
	w.begin()
	return w
}

// begin starts a process.
func (w *world) begin() {
	w.gate = newGate(w.client)
	w.failed = w.journal.failures()
	e, err := aerospike.Open(context.Background(), w.gate, aerospike.Config{
		Namespace: namespace, Set: w.set, Journal: w.journal, Watch: -1, Scrub: -1, AuditEvery: -1,
		Attempt: time.Second, QueueLength: 8, Timeout: 5 * time.Second,
	})
	if err != nil {
		w.Fatalf("Open: %v", err)
	}
	aerospike.HoldResolver(e)
	w.engine = e
}

// leave ends what a history left.
func (w *world) leave() {
	w.gate.die()
	_ = w.engine.Close()
}

// restart ends the process and starts another, which has what is on the disk. What the
// first has sent may arrive when the second runs.
func (w *world) restart() {
	err := w.engine.Close()
	if err != nil && !w.gate.isDead() && w.journal.failures() == w.failed {
		w.Errorf("Close: %v", err)
	}
	var proven error
	if w.journal.failures() > w.failed {
		proven = errors.New("a write has failed")
	}
	w.outlive(proven == nil)
	w.next(w.journal.next(proven))
}

// next starts a process with a journal.
func (w *world) next(j *rows) {
	late := w.gate.takeLate()
	w.gate.die()
	j.failed = w.journal.failures()
	w.journal = j
	w.begin()
	w.gate.addLate(late)
}

// restore ends the process and starts another with a copy of the journal that was made
// some time before. The copy decides nothing that was told: what it says of a change, the
// cluster knows better.
func (w *world) restore(*rapid.T) {
	if w.copied == nil {
		w.copied = w.journal.next(errors.New("a copy"))
		return
	}
	w.gate.land()
	_ = w.engine.Close()
	for _, f := range w.facts {
		f.safe, f.loose = false, true
		if f.told == toldOwed || f.told == toldLeaving {
			f.told = toldEither
		}
	}
	w.outlive(false)
	w.next(w.copied)
	w.copied = nil
}

// loseAll takes the records out of the cluster, and has the journal bring them back.
func (w *world) loseAll(*rapid.T) {
	if w.gate.isDead() || w.journal.isFailing() {
		w.Skip("nothing can be brought back now")
	}
	for _, k := range w.kinds {
		key, err := as.NewKey(namespace, w.set, k.name+w.key)
		if err == nil {
			_, err = w.client.Delete(nil, key)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	for {
		for _, f := range w.facts {
			if f.loose {
				f.told, f.pending = toldEither, nil
			}
		}
		_, err := w.engine.Remerge(w.gate.alive)
		if !w.gate.isDead() {
			if err != nil {
				w.Errorf("Remerge: %v", err)
			}
			return
		}
		w.restart() // at the write that it was to die at
	}
}

// flush waits until the journal has all that was put. What was told of changes since it
// last failed is safe then.
func (w *world) flush() {
	if w.gate.isDead() || aerospike.AwaitJournal(w.gate.alive, w.engine) != nil {
		return
	}
	for _, f := range w.facts {
		f.safe = f.safe || !f.loose && f.told != toldEither && f.since == w.journal.failures()
	}
}

// look compares what there is with the model. In the end nothing is open.
func (w *world) look(end bool) {
	for _, k := range w.kinds {
		has, err := k.view(w.gate.alive, w.engine)
		if w.gate.isDead() {
			return
		}
		if err != nil {
			w.Fatalf("view %s: %v", k.name, err)
		}
		for _, f := range w.facts {
			switch is := has(f.bit); {
			case f.in != k:
			case !is && (f.told == toldPresent || end && f.told == toldOwed):
				w.Errorf("%s must be there, and is not: told %v", f.name, f.told)
			case is && (f.told == toldAbsent || end && f.told == toldLeaving):
				w.Errorf("%s must not be there, and is: told %v", f.name, f.told)
			}
		}
	}
}

// settle brings a history to its end, in which everything is decided and nothing is
// forgotten.
func (w *world) settle() {
	w.journal.mend()
	if w.gate.isDead() {
		w.restart()
	}
	if rapid.Bool().Draw(w.T, "land first") {
		w.gate.land()
	}
	ctx := w.gate.alive
	for n := 0; w.engine.Stats().InDoubt > 0 && !w.gate.isDead(); n++ {
		if err := aerospike.ResolveOnce(ctx, w.engine); err != nil && n > 10 && !w.gate.isDead() {
			w.Fatalf("resolve: %v", err)
		}
	}
	if w.gate.isDead() { // at the write that it was to die at
		w.settle()
		return
	}
	for range 2 {
		for _, f := range w.facts {
			if f.pending == nil {
				continue
			}
			kept, dropped := f.pending.Retry(ctx), f.pending.Abandon(ctx)
			if w.gate.isDead() {
				w.settle()
				return
			}
			w.retried(f, kept)
			w.abandoned(f, dropped, true)
			if (kept == nil) == (dropped == nil) || kept == nil && !errors.Is(dropped, store.ErrApplied) {
				w.Errorf("%s is resolved: Retry = %v, Abandon = %v", f.name, kept, dropped)
			}
		}
	}
	if rapid.Bool().Draw(w.T, "merge again") {
		if _, err := w.engine.Remerge(ctx); err != nil && !w.gate.isDead() {
			w.Errorf("Remerge: %v", err)
		}
		if w.gate.isDead() {
			w.settle()
			return
		}
	}
	w.look(true)
	w.restart()
	if rapid.Bool().Draw(w.T, "lose all in the end") {
		w.loseAll(w.T)
	} else if _, err := w.engine.Remerge(w.gate.alive); err != nil {
		w.Errorf("Remerge: %v", err)
	}
	w.gate.land()
	w.look(true)
}

// hangsAfter is how long a step may take. A call gives up after 5 s, and a history has
// some of them in a row.
const hangsAfter = 40 * time.Second

// timed runs a step. One that hangs ends the test: nothing can end the step.
func (w *world) timed(name string, f func()) {
	alarm := time.AfterFunc(hangsAfter, func() {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		panic(fmt.Sprintf("step %q of the object %s hangs (-rapid.seed=%d):\n%s", name, w.key, w.seed, stacks))
	})
	defer alarm.Stop()
	f()
}

func (w *world) actions(steps *atomic.Int64) map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": func(*rapid.T) { w.timed("look", func() { w.look(false) }) }}
	for name, f := range map[string]func(*rapid.T){
		"update": w.update, "updateAgain": w.update, "overtaken": w.overtaken, "refusedDuring": w.refusedDuring,
		"retry": w.retry, "abandon": w.abandon, "abandonAgain": w.abandon, "during": w.during, "both": w.both,
		"pairs": w.pairs, "pairsAgain": w.pairs, "expired": w.expired, "closing": w.closing, "closed": w.closed,
		"resolve": w.resolve, "remerge": w.remerge, "disk": w.disk, "crash": w.crash, "kill": w.kill, "lose": w.loseAll,
		"restore": w.restore, "unproven": w.unproven, "restart": func(*rapid.T) { w.restart() }, "land": func(*rapid.T) { w.gate.land() },
		"flush": func(*rapid.T) { w.flush() },
	} {
		all[name] = func(rt *rapid.T) {
			steps.Add(1)
			w.timed(name, func() {
				if w.gate.isDead() {
					w.restart()
				}
				f(rt)
			})
		}
	}
	return all
}
