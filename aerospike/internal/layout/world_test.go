package layout_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// dice is the one source of all that is not determined: the order of things, what
// goes wrong, what processes do. Zero is the most harmless choice everywhere.
type dice interface {
	pick(n int, label string) int
}

// world is one history: a record in a cluster that may be split, the processes
// that change it, and what is under way.
type world struct {
	dice dice
	ctx  context.Context //nolint:containedctx // of the test
	bug  bug
	tune tuning

	history spec.History
	ghosts  map[layout.EntryKey]*ghost // of each frame, by the hash of its bytes
	sides   [2]*side                   // the second is nil unless there is a split
	region  *region                    // in place of sides, or nil: several clusters
	procs   []*process
	calls   []*call
	held    []*held

	born, runs int
	stamps     uint64
	events     [4]int // that Writers counted
	tooBig     int    // writes that met the limit of the cluster
	calm       bool   // nothing goes wrong any more
	err        error  // the first thing that was wrong
	verbose    bool
	story      []string
}

// side is one half of a cluster, or all of it.
type side struct {
	now *version
	old []*version // what a read or a rollback may find
}

// held is a write on its way, which may land so many times more.
type held struct {
	write *write
	side  int
	times int
}

// ghost is what a frame has.
type ghost struct {
	ops     spec.Set
	changes []*change
}

// tuning is what kind of history it is: faults and sizes are drawn once, so that
// some histories have much of one thing and nothing of another.
type tuning struct {
	steps, calls, nature  int
	queueSize, recordSize int
	fields                []string
	begin                 [5]int     // how often each of the calls begins
	fates                 [fates]int // how often each of them becomes of a write
	stale                 bool
	split, rollback       bool
	crash, evict          bool
	region, loop          bool // several clusters; what they ship comes home
}

func newWorld(ctx context.Context, d dice, b bug, verbose bool) *world {
	w := &world{dice: d, ctx: ctx, bug: b, verbose: verbose, ghosts: map[layout.EntryKey]*ghost{}}
	yes := func(label string) bool { return d.pick(3, label) > 0 }
	w.tune = tuning{
		steps:      20 + d.pick(100, "steps"),
		calls:      1 + d.pick(5, "calls at once"),
		nature:     []int{2, 5, 10}[d.pick(3, "nature")],
		queueSize:  []int{1 << 20, 600, 200}[d.pick(3, "queue size")],
		recordSize: 1 << 20,
		fields:     [][]string{{"tags", "balance", "memo"}, {"tags"}, {"balance"}, {"memo"}}[d.pick(4, "fields")],
		stale:      yes("stale reads"),
		split:      yes("splits"),
		rollback:   yes("rollbacks"),
		evict:      yes("evictions"),
		crash:      !yes("no crashes"),
	}
	for i := range w.tune.begin {
		w.tune.begin[i] = []int{2, 1, 6}[d.pick(3, "how often")]
	}
	w.tune.begin[update] += 8
	w.tune.fates[done] = []int{12, 4}[d.pick(2, "answered")]
	for i := busy; i < fates; i++ {
		w.tune.fates[i] = []int{0, 1, 4}[d.pick(3, "how often it fails")]
	}
	w.sides[0] = &side{now: w.admit(&version{})}
	w.sides[0].old = []*version{w.sides[0].now}
	for range 2 + d.pick(2, "processes") {
		w.procs = append(w.procs, w.newProcess())
	}
	w.logf("%+v", w.tune)
	return w
}

func (w *world) newRun() int { w.runs++; return w.runs }

func (w *world) logf(format string, args ...any) {
	if w.verbose {
		w.story = append(w.story, fmt.Sprintf(format, args...))
	}
}

// failf remembers the first thing that was wrong.
func (w *world) failf(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
		w.logf("WRONG: %v", w.err)
	}
}

// play plays the history to its end and returns what was wrong.
func (w *world) play() error {
	if w.tune.region {
		w.found()
	}
	for n := 0; n < w.tune.steps && w.err == nil; n++ {
		w.step()
	}
	if w.err == nil {
		w.settle()
	}
	for len(w.calls) > 0 {
		w.end(w.calls[0])
	}
	if w.err != nil && w.verbose {
		return fmt.Errorf("%w\n%s", w.err, strings.Join(w.story, "\n"))
	}
	return w.err
}

// step lets one thing happen.
func (w *world) step() {
	if w.region != nil && w.dice.pick(5, "ship") == 4 {
		w.ship()
	}
	switch what := w.dice.pick(100, "what"); {
	case what < 55 && len(w.calls) > 0:
		w.answer(w.calls[w.dice.pick(len(w.calls), "call")])
	case what < 82 && len(w.calls) < w.tune.calls:
		w.begin(w.procs[w.dice.pick(len(w.procs), "process")])
	case what < 90 && len(w.held) > 0:
		w.land(w.dice.pick(len(w.held), "held"))
	case what >= 100-w.tune.nature:
		w.nature()
	default:
		if len(w.calls) > 0 {
			w.answer(w.calls[w.dice.pick(len(w.calls), "call")])
		}
	}
	w.checkProcesses()
}

// weighted draws one of those that have these weights.
func weighted(d dice, weights []int, label string) int {
	sum := 0
	for _, n := range weights {
		sum += n
	}
	at, i := d.pick(sum, label), 0
	for ; at >= weights[i]; i++ {
		at -= weights[i]
	}
	return i
}

// of returns the side that a process is on, or the record of its cluster.
func (w *world) of(i int) *side {
	if w.region != nil {
		return w.region.own(i)
	}
	if w.sides[1] == nil {
		return w.sides[0]
	}
	return w.sides[i]
}
