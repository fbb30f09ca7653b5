package layout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// A compaction adds nothing but what it folds, so it passes in a record that has
// no room for one more entry.
func TestCompactAtLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	c, a := newCluster(), newActor(t, 1)
	c.limit = limit
	w := c.writer()
	pad := strings.Repeat("x", 1000)
	for i := 0; c.v.size() < limit-1<<10; i++ {
		c.put(t, layout.NewEntry(frameOf(a.add(fmt.Sprint(i%7, pad)))))
	}
	size := c.compact(t, w, nil)
	if len(c.v.queue) > 0 || size != c.v.size() || size > 10<<10 {
		t.Errorf("%d entries wait; %d bytes, Compact said %d", len(c.v.queue), c.v.size(), size)
	}
	if got := tagsField.In(c.account(t)).Len(); got != 7 {
		t.Errorf("the record has %d elements, want 7", got)
	}
}

// Many writers of large changes, without anybody who folds in the background: no
// write finds the record over the cluster's limit, none is refused to its caller,
// and all of them are there in the end.
func TestRecordSizeGuard(t *testing.T) {
	t.Parallel()
	const writers, rounds, changeSize = 64, 2, 4 << 10
	w := newWorld(t.Context(), seededDice{rand.New(rand.NewPCG(1, 0))}, noBug, false)
	w.tune = tuning{queueSize: 64 << 10, recordSize: recordSizeFor(writers * rounds * (changeSize + 200))}
	w.procs, w.calm = nil, true
	for range writers {
		w.procs = append(w.procs, w.newProcess())
	}
	pad := strings.Repeat("x", changeSize)
	largest := 0
	for round := range rounds {
		for i, p := range w.procs {
			tag := fmt.Sprint(round, " ", i, pad)
			op := operation{spec.Op{Verb: spec.Put, Path: "tags/" + tag}, func(tx *crdt.Tx, d *crdt.Doc) error {
				tagsField.In(d).Add(tx, tag)
				return nil
			}}
			w.start(p, "update", func(c *call) { c.update(op, false, false, false) })
		}
		for len(w.calls) > 0 && w.err == nil {
			w.answer(w.calls[w.dice.pick(len(w.calls), "call")])
			largest = max(largest, w.sides[0].now.size())
		}
	}
	acked := 0
	for _, p := range w.procs {
		acked += len(p.journal)
	}
	if w.err != nil {
		t.Fatal(w.err)
	}
	if there := tagsField.In(w.sides[0].now.doc).Len(); acked != writers*rounds || there != acked {
		t.Errorf("of %d writes %d were acknowledged and %d are there", writers*rounds, acked, there)
	}
	// A record that is below the size may take one more change, and no more.
	if most := acked*(changeSize+100) + 64<<10 + 2*changeSize; largest > most || w.tooBig > 0 {
		t.Errorf("the record had %d bytes, at most %d; %d writes were over the limit", largest, most, w.tooBig)
	}
	if w.events[layout.Refusal] == 0 {
		t.Error("no guard refused anything")
	}
}

// What does not fit is refused at once, and surely not there.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.limit = 4 << 10
	w := c.writer()
	w.QueueSize = 1 << 10
	c.put(t, layout.NewEntry(frameOf(a.add(strings.Repeat("x", 3<<10)))))
	e := layout.NewEntry(frameOf(a.add(strings.Repeat("y", 2<<10))))
	if _, err := w.Append(t.Context(), key, []layout.Entry{e}, layout.Guard{}); !errors.Is(err, layout.ErrTooLarge) {
		t.Errorf("Append beyond the limit: %v, want ErrTooLarge", err)
	}
	if got := shown(c.account(t)); len(got) != 1 {
		t.Errorf("%d elements are in the record, want 1", len(got))
	}
	small := layout.NewEntry(frameOf(newActor(t, 2).add("z")))
	if _, err := w.Append(t.Context(), key, []layout.Entry{small}, layout.Guard{}); err != nil {
		t.Errorf("Append of what fits: %v", err)
	}
}

// A guard leaves room for the change itself: what others append meanwhile makes it
// say no, before the cluster's limit does.
func TestGuardLeavesRoom(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	pad := strings.Repeat("x", 3<<10)
	c.put(t, layout.NewEntry(frameOf(a.add(pad))))
	c.compact(t, c.writer(), nil)
	other, e := layout.NewEntry(frameOf(a.add(pad))), layout.NewEntry(frameOf(newActor(t, 2).add("y")))
	c.limit = c.v.size() + len(other.Frame) + len(other.Key) + 10
	c.before = func() {
		c.before = func() { c.put(t, other) } // before the second attempt
	}
	refused := layout.Guard{MaxSize: 1} // the first time
	if _, err := c.writer().Append(t.Context(), key, []layout.Entry{e}, refused); err != nil || c.tooBig > 0 {
		t.Errorf("Append: %v; %d writes met the limit", err, c.tooBig)
	}
	if got := tagsField.In(c.account(t)).Len(); got != 2 {
		t.Errorf("the record has %d elements, want 2", got)
	}
}

// An append either fits, or does not: it does not ask the cluster again and again,
// without a pause, until its time is over. A cluster counts more than the bytes that
// a record knows of: its own overhead for the record.
func TestAppendNearTheLimitEnds(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.put(t, layout.NewEntry(frameOf(a.add(strings.Repeat("x", 3<<10)))))
	c.compact(t, c.writer(), nil)
	e := layout.NewEntry(frameOf(newActor(t, 2).add("y")))
	whole := c.v.size() + len(e.Frame) + len(e.Key)
	for _, tt := range []struct {
		name           string
		free, overhead int // of the limit, after the append
		want           error
	}{
		{"room", 200, 100, nil},
		{"the cluster's overhead is more than the room", 50, 100, layout.ErrTooLarge},
		{"a byte is free", 1, 0, nil},
		{"nothing is free", 0, 0, nil},
		{"a byte too much", -1, 0, layout.ErrTooLarge},
		{"a byte too much, and overhead", -1, 100, layout.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &cluster{v: c.v, limit: whole + tt.free, stamps: c.stamps}
			w := c.writer()
			w.QueueSize, w.RecordSize = 1<<10, recordSizeFor(c.limit)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.Cluster = &patient{c, tt.overhead, 20, cancel}
			_, err := w.Append(ctx, key, []layout.Entry{e}, layout.Guard{})
			if c.reads+c.writes >= 20 {
				t.Errorf("Append asked the cluster %d times, without a pause: %v", c.reads+c.writes, err)
			} else if !errors.Is(err, tt.want) {
				t.Errorf("Append: %v, want %v", err, tt.want)
			}
		})
	}
}

// recordSizeFor returns the size of which so much is left when what is reserved is taken
// off.
func recordSizeFor(limit int) int {
	n := limit
	for n-n/16 < limit {
		n++
	}
	return n
}

// patient ends the caller's time after so many reads and writes. It counts more
// bytes of a record than a record does.
type patient struct {
	*cluster
	overhead, most int
	cancel         context.CancelFunc
}

// Append implements layout.Cluster.
func (p *patient) Append(ctx context.Context, key string, entries []layout.Entry, g layout.Guard) (int, error) {
	if p.reads+p.writes >= p.most {
		p.cancel()
	}
	g.MaxSize -= p.overhead
	return p.cluster.Append(ctx, key, entries, g)
}

// Compact says what is left in the record, also of what it does not fold.
func TestCompactSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	a := newActor(t, 1)
	entry := func(tag string) layout.Entry { return layout.NewEntry(frameOf(a.add(tag))) }
	for _, tt := range []struct {
		name  string
		queue []layout.Entry
		also  *layout.State
	}{
		{"a queue", []layout.Entry{entry("x"), entry("y")}, nil},
		{"nothing to fold", []layout.Entry{layout.NewEntry(unknownFrame("s"))}, nil},
		{"an unknown entry beside what was folded", []layout.Entry{layout.NewEntry(unknownFrame("s")), entry("x")}, nil},
		{"a record made of what was brought", nil, stateOf(t, entry("x").Frame)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster()
			if len(tt.queue) > 0 {
				c.put(t, tt.queue...)
			}
			if size := c.compact(t, c.writer(), tt.also); size != c.v.size() {
				t.Errorf("Compact = %d, the record has %d bytes", size, c.v.size())
			}
		})
	}
}
