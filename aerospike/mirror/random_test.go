package mirror_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestConverges writes at random to three clusters that a mirror for each
// link connects, while links are cut, writes of the mirrors are lost, and mirrors
// end and go on from their checkpoints. In the end every cluster must hold the join
// of what all of them held before. With rollbacks only the audit can see to that;
// without, the scans must.
func TestConverges(t *testing.T) {
	for _, rollbacks := range []bool{false, true} {
		t.Run(fmt.Sprintf("rollbacks=%v", rollbacks), func(t *testing.T) {
			onPlaces(t, 3, func(t *testing.T, ps []*place) {
				t.Helper()
				if rollbacks && ps[0].fake == nil {
					t.Skip("real servers are not rolled back")
				}
				for seed := range uint64(mirrorRuns(ps, rollbacks)) {
					w := newMirrored(t, ps, seed)
					w.run(rollbacks)
					w.end(rollbacks)
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		})
	}
}

// mirrorRuns returns how many histories to run: MIRROR_RUNS, or a few.
func mirrorRuns(ps []*place, rollbacks bool) int {
	if n, err := strconv.Atoi(os.Getenv("MIRROR_RUNS")); err == nil {
		return n
	}
	if ps[0].fake == nil && !rollbacks || testing.Short() {
		return 2 // one with all links, and one without
	}
	return 4
}

// mirrored is a history.
type mirrored struct {
	t       *testing.T
	rand    *rand.Rand
	prefix  string // of keys, so that histories do not meet
	places  []*place
	links   []*oneLink
	engines []*aerospike.Engine // of places in turn
}

// oneLink is a mirror of one link, and its ways to the two clusters.
type oneLink struct {
	ends   [2]*place
	paths  [2]*path
	mirror *mirror.Mirror
}

func newMirrored(t *testing.T, ps []*place, seed uint64) *mirrored {
	t.Helper()
	w := &mirrored{t: t, rand: rand.New(rand.NewPCG(seed, 7)), prefix: fmt.Sprint("h", seed, "/"), places: ps}
	for i := range ps {
		for k := range i {
			if seed%2 == 1 && i-k == 2 {
				continue // no way from the first to the last but by the one between
			}
			l := &oneLink{ends: [2]*place{ps[k], ps[i]}}
			for e := range l.paths {
				l.paths[e] = &path{Client: l.ends[e].client}
			}
			w.begin(l, nil)
			w.links = append(w.links, l)
		}
	}
	for range 2 {
		for _, p := range ps {
			w.engines = append(w.engines, astest.Open(t, p.client, aerospike.Config{Set: p.set, QueueLength: 1 + w.rand.IntN(6)}))
		}
	}
	return w
}

func (w *mirrored) begin(l *oneLink, saved []byte) {
	two := []*place{{path: l.paths[0]}, {path: l.paths[1]}}
	for e, p := range two {
		p.name, p.set, p.time = l.ends[e].name, l.ends[e].set, l.ends[e].time
	}
	l.mirror = mirrorOf(w.t, two, func(c *mirror.Config) {
		c.Checkpoint = saved
	})
}

func (w *mirrored) run(rollbacks bool) {
	w.t.Helper()
	for range 80 {
		passTime(w.places, time.Duration(w.rand.IntN(20_000))*time.Millisecond)
		l := w.links[w.rand.IntN(len(w.links))]
		switch x := w.rand.IntN(100); {
		case x < 45:
			w.write(w.rand.IntN(len(w.engines)))
		case x < 75:
			if err := l.mirror.Sync(w.t.Context()); err != nil && !l.isFaulty() {
				w.t.Fatalf("Sync over a link that is whole: %v", err)
			}
		case x < 80:
			cut := &l.paths[w.rand.IntN(2)].cut
			cut.Store(!cut.Load())
		case x < 88:
			w.lose(l.paths[w.rand.IntN(2)])
		case x < 92:
			saved, err := l.mirror.Checkpoint()
			if err != nil {
				w.t.Fatal(err)
			}
			w.begin(l, saved)
		case rollbacks:
			p := w.places[w.rand.IntN(len(w.places))]
			p.fake.Rollback(astest.Namespace, asdtest.Digest(p.key(w.t, w.key()).Digest()), 1+w.rand.IntN(3))
		}
	}
}

func (l *oneLink) isFaulty() bool {
	for _, p := range l.paths {
		if p.cut.Load() || p.onWrite.Load() != nil {
			return true
		}
	}
	return false
}

// lose lets a third of the writes of a mirror be lost from now on, or none.
func (w *mirrored) lose(p *path) {
	if p.onWrite.Swap(nil) != nil {
		return
	}
	var n atomic.Int64
	n.Store(int64(w.rand.IntN(3)))
	f := func() as.Error {
		if n.Add(1)%3 == 0 {
			return lostReply()
		}
		return nil
	}
	p.onWrite.Store(&f)
}

// mirroredKeys are so many that most are written once or twice: a write takes
// with it what was missed of the object before.
const mirroredKeys = 30

func (w *mirrored) key() string { return w.prefix + strconv.Itoa(w.rand.IntN(mirroredKeys)) }

// write changes an object, on a node whose clock is a little behind.
func (w *mirrored) write(engine int) {
	w.t.Helper()
	e, p := w.engines[engine], w.places[engine%len(w.places)]
	if p.time != nil {
		p.time.skew(p.name, -time.Duration(w.rand.IntN(9000))*time.Millisecond)
		defer p.time.skew(p.name, 0)
	}
	var opts []store.Option
	if w.rand.IntN(2) == 0 {
		opts = append(opts, store.Blind())
	}
	n, element := w.rand.IntN(mirroredKeys), strconv.Itoa(w.rand.IntN(5))
	key := w.prefix + strconv.Itoa(n)
	var err error
	if n%2 == 0 {
		_, err = store.NewObjects(e, "", crdt.AWSetKind(crdt.String)).Update(w.t.Context(), key, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			if w.rand.IntN(3) == 0 {
				s.Remove(tx, element)
			} else {
				s.Add(tx, element)
			}
			return nil
		}, opts...)
	} else {
		_, err = store.NewObjects(e, "", crdt.CounterKind()).Update(w.t.Context(), key, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }, opts...)
	}
	if err != nil {
		w.t.Fatalf("update: %v", err)
	}
}

// holds returns what a place holds under the history's keys.
func (w *mirrored) holds(p *place) []*layout.State {
	w.t.Helper()
	e := astest.Open(w.t, p.client, aerospike.Config{Set: p.set})
	states := make([]*layout.State, mirroredKeys)
	for k := range states {
		states[k] = layout.NewState(nil)
		r, err := e.Load(w.t.Context(), w.prefix+strconv.Itoa(k))
		if err != nil {
			continue // nobody wrote there, or it went back to that
		}
		for _, f := range r.Frames {
			if _, err := states[k].MergeFrame(f); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return states
}

// end lets everything through again, and the mirrors make up for it.
func (w *mirrored) end(audit bool) {
	w.t.Helper()
	// What a process finds missing it puts back in the background: all of that is to be there before it is looked at.
	for _, e := range w.engines {
		if err := e.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	want := w.holds(w.places[0])
	for _, p := range w.places[1:] {
		for k, s := range w.holds(p) {
			if _, err := want[k].MergeState(s); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	for _, l := range w.links {
		for _, p := range l.paths {
			p.cut.Store(false)
			p.onWrite.Store(nil)
		}
	}
	passTime(w.places, time.Hour) // no margin is to cover for a cursor
	for range 3 {
		for _, l := range w.links {
			if audit {
				audit1(w.t, l.mirror)
			} else {
				sync1(w.t, l.mirror)
			}
		}
		passTime(w.places, time.Second)
	}
	for _, p := range w.places {
		for k, s := range w.holds(p) {
			if !s.ContainsState(want[k]) || !want[k].ContainsState(s) {
				w.t.Errorf("cluster %s, object %d is not what all held together", p.name, k)
			}
		}
	}
}
