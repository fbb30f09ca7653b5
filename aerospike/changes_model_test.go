package aerospike_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestChangesModel runs what may become of a change, in any order, against a model that
// knows of every change whether it must be present, must be absent, or may be either.
// DOVETAIL_SOAK=1h has it run for so long; it prints the seeds and the steps.
func TestChangesModel(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	var runs, steps atomic.Int64
	check := func(t *testing.T) {
		t.Helper()
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(rt, c, set, runs.Add(1))
			defer w.leave()
			rt.Repeat(w.actions(&steps))
			w.settle()
		})
	}
	soak, err := time.ParseDuration(os.Getenv("DOVETAIL_SOAK"))
	if err != nil {
		check(t)
		return
	}
	seed := rand.Uint64()
	for begun := time.Now(); time.Since(begun) < soak && !t.Failed(); seed++ {
		if err := flag.Set("rapid.seed", strconv.FormatUint(seed, 10)); err != nil {
			t.Fatal(err)
		}
		check(t)
		fmt.Printf("%v: seed %d: %d histories, %d steps\n", time.Since(begun).Round(time.Second), seed, runs.Load(), steps.Load())
	}
}

// answer is what was told of a change, to whoever made it.
type answer int

const (
	toldOpen    answer = iota // in doubt: the engine keeps it, unless it is abandoned
	toldPresent               // it must be there
	toldAbsent                // it must not
	toldLeaving               // it must not be there in the end
	toldOwed                  // it must be there in the end
	toldEither
)

// fact is what the model knows of a change.
type fact struct {
	name    string
	in      *kind
	bit     uint
	told    answer
	asked   bool // to be abandoned, with no answer yet
	pending *store.InDoubtError
}

// kind is a type of object, as the model uses it: a set of numbers, or a sum of powers
// of two.
type kind struct {
	name   string
	n      uint
	update func(ctx context.Context, b store.Backend, bit uint, during func(), opts ...store.Option) error
	view   func(ctx context.Context, b store.Backend) (func(bit uint) bool, error)
}

func kindOf[S crdt.Lattice[S]](name, key string, k crdt.Kind[S], add func(*crdt.Tx, S, uint), has func(S, uint) bool) *kind {
	return &kind{
		name: name,
		update: func(ctx context.Context, b store.Backend, bit uint, during func(), opts ...store.Option) error {
			_, err := store.NewObjects(b, name, k).Update(ctx, key, func(tx *crdt.Tx, s S) error {
				if during != nil {
					during()
				}
				add(tx, s, bit)
				return nil
			}, opts...)
			return err
		},
		view: func(ctx context.Context, b store.Backend) (func(uint) bool, error) {
			s, _, err := store.NewObjects(b, name, k).View(ctx, key)
			return func(bit uint) bool { return has(s, bit) }, err
		},
	}
}

// world is a process after the other, over one cluster and one journal, and what was
// told of their changes.
type world struct {
	*rapid.T
	client *as.Client
	set    string
	kinds  []*kind
	key    string

	gate    *gate
	journal *rows
	engine  *aerospike.Engine
	facts   []*fact
	broken  bool // the disk has failed: the next process has no proof
	whole   bool // every process had one
}

func newWorld(rt *rapid.T, c *as.Client, set string, run int64) *world {
	key := strconv.FormatInt(run, 10)
	bits := func(v int64, bit uint) bool { return v>>bit&1 == 1 }
	w := &world{T: rt, client: c, set: set, key: key, journal: newRows(), whole: true, kinds: []*kind{
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
	e, err := aerospike.Open(context.Background(), w.gate, aerospike.Config{
		Namespace: namespace, Set: w.set, Journal: w.journal, Watch: -1, Scrub: -1, AuditEvery: -1,
		Attempt: time.Second, QueueLength: 8, Timeout: 5 * time.Second,
	})
	if err != nil {
		w.Fatalf("Open: %v", err)
	}
	aerospike.HoldResolver(e)
	w.engine, w.broken = e, false
}

// leave ends what a history left.
func (w *world) leave() {
	w.gate.die()
	_ = w.engine.Close()
}

// restart ends the process and starts another, which has what is on the disk.
func (w *world) restart() {
	w.journal.mu.Lock()
	failing := w.journal.fails != nil
	w.journal.mu.Unlock()
	w.gate.land()
	err := w.engine.Close()
	var proven error
	if w.broken || failing || err != nil && !w.gate.isDead() {
		proven = errors.New("a write has failed")
		w.whole = false
	}
	for _, f := range w.facts {
		f.pending = nil
		switch {
		case f.told != toldOpen:
		case f.asked || proven != nil:
			f.told = toldEither
		default:
			f.told = toldOwed
		}
	}
	w.journal = w.journal.next(proven)
	w.begin()
}

// call runs f with a context that the first write which is not answered ends. During runs
// before that write, or before one of a fold in the background; it has ended, or will never
// begin, when call returns.
func (w *world) call(during func(), f func(ctx context.Context) error, fates ...fate) error {
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	var once sync.Once
	hook := during
	if during != nil {
		hook = func() { once.Do(during) }
	}
	w.gate.set(cancel, hook, fates...)
	defer w.gate.set(nil, nil)
	err := f(ctx)
	once.Do(func() {})
	return err
}

func (w *world) fates() []fate {
	f := rapid.SampledFrom([]fate{passes, passes, lost, noAnswer, late, forbidden, busy}).Draw(w.T, "fate")
	if rapid.Bool().Draw(w.T, "second") {
		return []fate{passes, f}
	}
	return []fate{f}
}

// newFact returns the next change of a kind, or nil if there is no room for one.
func (w *world) newFact() *fact {
	k := rapid.SampledFrom(w.kinds).Draw(w.T, "kind")
	if k.n == 60 {
		w.Skip("enough of the kind")
	}
	f := &fact{name: fmt.Sprintf("%s%d", k.name, k.n), in: k, bit: k.n}
	k.n++
	w.facts = append(w.facts, f)
	return f
}

// learn takes note of how an update ended.
func (w *world) learn(f *fact, err error) {
	var doubt *store.InDoubtError
	switch {
	case w.gate.isDead():
		f.told = toldEither
	case err == nil:
		f.told = toldPresent
	case errors.As(err, &doubt):
		f.told, f.pending = toldOpen, doubt
	default:
		f.told = toldAbsent
	}
	w.Logf("%s: %v", f.name, err)
}

func (w *world) opts() []store.Option {
	if rapid.Bool().Draw(w.T, "blind") {
		return []store.Option{store.Blind()}
	}
	return nil
}

func (w *world) update(*rapid.T) {
	f, opts := w.newFact(), w.opts()
	w.learn(f, w.call(nil, func(ctx context.Context) error {
		return f.in.update(ctx, w.engine, f.bit, nil, opts...)
	}, w.fates()...))
}

// overtaken issues a change while another is on its way, and only then lets that come to
// its end.
func (w *world) overtaken(*rapid.T) {
	first := w.newFact()
	if first.in.n == 60 {
		w.Skip("enough of the kind")
	}
	second := &fact{name: fmt.Sprintf("%s%d", first.in.name, first.in.n), in: first.in, bit: first.in.n}
	first.in.n++
	w.facts = append(w.facts, second)
	var wg sync.WaitGroup
	err2 := errors.New("never begun")
	var once sync.Once
	err := w.call(func() {
		begun := make(chan struct{})
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
			defer cancel()
			signal := func() { once.Do(func() { close(begun) }) }
			defer signal() // also if it is refused before its function runs
			err2 = second.in.update(ctx, w.engine, second.bit, signal, store.Blind())
		})
		<-begun
	}, func(ctx context.Context) error {
		return first.in.update(ctx, w.engine, first.bit, nil, store.Blind())
	}, w.fates()...)
	wg.Wait()
	w.learn(first, err)
	w.learn(second, err2)
}

// refusedDuring lets a change come to its end while the function of another update runs,
// which sees it.
func (w *world) refusedDuring(*rapid.T) {
	first := w.newFact()
	if first.in.n == 60 {
		w.Skip("enough of the kind")
	}
	second := &fact{name: fmt.Sprintf("%s%d", first.in.name, first.in.n), in: first.in, bit: first.in.n}
	first.in.n++
	w.facts = append(w.facts, second)
	inside, ended := make(chan struct{}), make(chan error, 1)
	issued := make(chan struct{})
	var once, twice sync.Once
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	sent := func() { // before the first write of the first is decided about
		twice.Do(func() { close(issued) })
		<-inside
	}
	w.gate.set(nil, sent, w.fates()[0])
	go func() {
		short, stop := context.WithTimeout(ctx, 20*time.Millisecond)
		defer stop()
		err := first.in.update(short, w.engine, first.bit, nil, store.Blind())
		twice.Do(func() { close(issued) }) // it never wrote
		ended <- err
	}()
	<-issued
	var err error
	err2 := second.in.update(ctx, w.engine, second.bit, func() {
		once.Do(func() { close(inside); err = <-ended })
	}, store.Blind())
	once.Do(func() { close(inside); err = <-ended })
	w.gate.set(nil, nil)
	w.learn(first, err)
	w.learn(second, err2)
}

// doubted returns a change that the caller may ask about.
func (w *world) doubted() *fact {
	var all []*fact
	for _, f := range w.facts {
		if f.pending != nil {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		w.Skip("nothing was ever in doubt")
	}
	return rapid.SampledFrom(all).Draw(w.T, "change")
}

// retried and abandoned take note of an answer, and compare it with those before.
func (w *world) retried(f *fact, err error) {
	if w.gate.isDead() {
		f.told = map[bool]answer{true: f.told, false: toldEither}[f.told != toldOpen]
		return
	}
	w.Logf("Retry %s: %v", f.name, err)
	switch {
	case err == nil:
		w.tell(f, toldPresent)
	case errors.Is(err, store.ErrAbandoned):
		if !f.asked && f.told != toldAbsent {
			w.Errorf("%s was never abandoned: Retry = %v", f.name, err)
		}
		w.tell(f, toldLeaving)
	case !errors.Is(err, store.ErrInDoubt):
		w.Errorf("Retry of %s = %v", f.name, err)
	}
}

func (w *world) abandoned(f *fact, err error) {
	if w.gate.isDead() {
		f.told = map[bool]answer{true: f.told, false: toldEither}[f.told != toldOpen]
		return
	}
	w.Logf("Abandon %s: %v", f.name, err)
	switch {
	case err == nil:
		f.asked = true
		w.tell(f, toldAbsent)
	case errors.Is(err, store.ErrApplied):
		w.tell(f, toldPresent)
	case errors.Is(err, store.ErrCannotAbandon):
		if f.in.name == "set/" {
			w.Errorf("Abandon of %s = %v", f.name, err)
		}
	case errors.Is(err, store.ErrInDoubt):
		f.asked = true
	default:
		w.Errorf("Abandon of %s = %v", f.name, err)
	}
}

func (w *world) tell(f *fact, now answer) {
	gone := func(x answer) bool { return x == toldAbsent || x == toldLeaving }
	switch {
	case f.told == toldOpen || f.told == toldEither:
	case gone(f.told) != gone(now):
		w.Errorf("%s: told %v, and %v before", f.name, now, f.told)
	case f.told == toldAbsent:
		return
	}
	f.told = now
}

func (w *world) retry(*rapid.T) {
	f := w.doubted()
	w.retried(f, w.call(nil, f.pending.Retry, w.fates()...))
}

func (w *world) abandon(*rapid.T) {
	f := w.doubted()
	w.abandoned(f, w.call(nil, f.pending.Abandon, w.fates()...))
}

// during asks one thing while the write of another is on its way.
func (w *world) during(*rapid.T) {
	f := w.doubted()
	outer, inner := rapid.SampledFrom([]string{"retry", "abandon", "resolve", "remerge"}).Draw(w.T, "outer"), rapid.SampledFrom([]string{"retry", "abandon"}).Draw(w.T, "inner")
	var err2 error
	did := false
	nested := func() {
		ctx, cancel := context.WithTimeout(w.gate.alive, 3*time.Millisecond)
		defer cancel()
		did = true
		if inner == "retry" {
			err2 = f.pending.Retry(ctx)
		} else {
			f.asked = true
			err2 = f.pending.Abandon(ctx)
		}
	}
	err := w.call(nested, func(ctx context.Context) error {
		switch outer {
		case "retry":
			return f.pending.Retry(ctx)
		case "abandon":
			f.asked = true
			return f.pending.Abandon(ctx)
		case "resolve":
			return aerospike.ResolveOnce(ctx, w.engine)
		}
		_, err := w.engine.Remerge(ctx)
		return err
	}, w.fates()...)
	if did {
		if inner == "retry" {
			w.retried(f, err2)
		} else {
			w.abandoned(f, err2)
		}
	}
	switch outer {
	case "retry":
		w.retried(f, err)
	case "abandon":
		w.abandoned(f, err)
	}
}

// both retries and abandons at the same time.
func (w *world) both(*rapid.T) {
	f := w.doubted()
	f.asked = true
	var wg sync.WaitGroup
	var err, err2 error
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	w.gate.set(cancel, nil, w.fates()...)
	wg.Go(func() { err = f.pending.Retry(ctx) })
	wg.Go(func() { err2 = f.pending.Abandon(ctx) })
	wg.Wait()
	w.gate.set(nil, nil)
	w.retried(f, err)
	w.abandoned(f, err2)
}

func (w *world) resolve(*rapid.T) {
	err := w.call(nil, func(ctx context.Context) error { return aerospike.ResolveOnce(ctx, w.engine) }, w.fates()...)
	w.Logf("resolve: %v", err)
}

func (w *world) remerge(*rapid.T) {
	err := w.call(nil, func(ctx context.Context) error { _, err := w.engine.Remerge(ctx); return err }, w.fates()...)
	w.Logf("Remerge: %v", err)
}

// disk breaks the disk, or mends it.
func (w *world) disk(*rapid.T) {
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	if w.journal.fails == nil {
		w.journal.fails, w.broken = errors.New("disk full"), true
	} else {
		w.journal.fails = nil
	}
}

// crash has the process die at one of the next writes to the journal.
func (w *world) crash(*rapid.T) {
	n, torn := rapid.IntRange(1, 4).Draw(w.T, "writes"), rapid.Bool().Draw(w.T, "torn")
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	w.journal.dieAt, w.journal.torn, w.journal.die = w.journal.writes+n, torn, w.gate.die
}

// kill has it die now.
func (w *world) kill(*rapid.T) {
	w.gate.die()
	w.journal.mu.Lock()
	w.journal.dieAt, w.journal.torn = w.journal.writes+1, true
	w.journal.mu.Unlock()
	w.restart()
}

// loseAll takes the records out of the cluster, and has the journal bring them back.
func (w *world) loseAll(*rapid.T) {
	if !w.whole || w.broken || w.gate.isDead() {
		w.Skip("not all is in the journal")
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

// look compares what there is with the model. In the end nothing is open.
func (w *world) look(b store.Backend, end bool) {
	for _, k := range w.kinds {
		has, err := k.view(w.gate.alive, b)
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
				w.Errorf("%s must be there, and is not", f.name)
			case is && (f.told == toldAbsent || end && f.told == toldLeaving):
				w.Errorf("%s must not be there, and is", f.name)
			}
		}
	}
}

// settle brings a history to its end, in which everything is decided and nothing is
// forgotten.
func (w *world) settle() {
	w.journal.mu.Lock()
	w.journal.fails = nil
	w.journal.mu.Unlock()
	if w.gate.isDead() {
		w.restart()
	}
	w.gate.land()
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
			w.abandoned(f, dropped)
			if (kept == nil) == (dropped == nil) || kept == nil && !errors.Is(dropped, store.ErrApplied) {
				w.Errorf("%s is resolved: Retry = %v, Abandon = %v", f.name, kept, dropped)
			}
		}
	}
	w.look(w.engine, true)
	w.restart()
	if _, err := w.engine.Remerge(w.gate.alive); err != nil {
		w.Errorf("Remerge: %v", err)
	}
	w.look(w.engine, true)
}

func (w *world) actions(steps *atomic.Int64) map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": func(*rapid.T) { w.look(w.engine, false) }}
	for name, f := range map[string]func(*rapid.T){
		"update": w.update, "updateAgain": w.update, "overtaken": w.overtaken, "refusedDuring": w.refusedDuring,
		"retry": w.retry, "abandon": w.abandon, "abandonAgain": w.abandon, "during": w.during, "both": w.both,
		"resolve": w.resolve, "remerge": w.remerge, "disk": w.disk, "crash": w.crash, "kill": w.kill, "lose": w.loseAll,
		"restart": func(*rapid.T) { w.restart() }, "land": func(*rapid.T) { w.gate.land() },
	} {
		all[name] = func(rt *rapid.T) {
			steps.Add(1)
			if w.gate.isDead() {
				w.restart()
			}
			f(rt)
		}
	}
	return all
}
