package aerospike_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

const (
	killedKeys    = 10 // counters, and as many sets
	killedWriters = 3  // that live on
	kills         = 3  // of all nodes at once
	killedElement = "of a process that ended"
)

// outage is how all nodes of a cluster die at once and come back.
type outage struct {
	client        *as.Client
	kill, restart func(t *testing.T)
}

// newOutage returns that of real servers, whose commands are in the environment; see
// mirror/testdata/disasters.md. Without servers it is that of one in this process: it
// comes back without the blocks and with earlier versions of the objects' records.
func newOutage(t *testing.T, set string) outage {
	t.Helper()
	if hosts := os.Getenv("AEROSPIKE_HOSTS"); hosts != "" {
		if os.Getenv("AEROSPIKE_KILL_ALL") == "" || os.Getenv("AEROSPIKE_RESTART_ALL") == "" {
			t.Skip("AEROSPIKE_HOSTS without AEROSPIKE_KILL_ALL and AEROSPIKE_RESTART_ALL: nothing kills the nodes")
		}
		c := connect(t, strings.Split(hosts, ",")[0])
		return outage{c, astest.Command("AEROSPIKE_KILL_ALL"), astest.Command("AEROSPIKE_RESTART_ALL")}
	}
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	return outage{
		client: c,
		kill: func(t *testing.T) {
			t.Helper()
			empty(t, c, set+".b")
			s.RefuseConnections(true)
			for _, prefix := range []string{"c/", "s/"} {
				for i := range killedKeys {
					k, err := as.NewKey(namespace, set, fmt.Sprint(prefix, i))
					if err != nil {
						t.Fatal(err)
					}
					s.Rollback(namespace, asdtest.Digest(k.Digest()), 1+i%4) // one that has so many
				}
			}
		},
		restart: func(*testing.T) { s.Restart(asdtest.RecoverLive); s.AcceptConnections() },
	}
}

// TestAllNodesKilled kills all nodes at once, several times, while writers live on and
// other processes come and go. Then each object, of more than 60 replicas, can be read
// by a process that remembers nothing, and has all that was acknowledged to the writers
// that live. The objects of the second case need blocks.
func TestAllNodesKilled(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		replicas, recordSize int
		blocks               bool
	}{{"record", 64, 0, false}, {"blocks", 400, 8 << 10, true}} {
		t.Run(tt.name, func(t *testing.T) {
			set := fmt.Sprintf("k%d", time.Now().UnixNano()) // what was deleted may come back with a node
			o := newOutage(t, set)
			cfg := aerospike.Config{
				Namespace: namespace, Set: set, RecordSize: tt.recordSize, QueueLength: 32, Timeout: 3 * time.Second,
				Watch: 100 * time.Millisecond, Scrub: 500 * time.Millisecond, ScrubRate: 1000,
			}
			run := &killedRun{replicas: tt.replicas}
			for i := range killedWriters {
				run.writers = append(run.writers, newLivingWriter(open(t, o.client, cfg), i))
			}
			run.meet(t)
			until(t, func() bool { return hasBlocks(o.client, set) == tt.blocks }) // no scan succeeds while nodes meet
			run.start(t, o.client, cfg)
			run.writing(t)
			for range kills {
				run.meet(t)
				o.kill(t)
				o.restart(t)
				run.writing(t)
			}
			run.stop()
			run.compare(t, o.client, cfg)
		})
	}
}

// hasBlocks reports whether a scan finds blocks.
func hasBlocks(c *as.Client, set string) bool {
	rs, err := c.ScanAll(nil, namespace, set+".b")
	if err != nil {
		return false
	}
	found := false
	for r := range rs.Results() {
		found = found || r.Err == nil
	}
	return found
}

// killedRun is the writers that live on, and the processes that come and go.
type killedRun struct {
	replicas int // that each object gets at a time
	met      int // replicas of each object, but for the writers and those that ended
	writers  []*livingWriter
	tried    [killedKeys]atomic.Int64 // increments by processes that ended
	came     atomic.Int64             // processes that ended
	end      context.CancelFunc
	wg       sync.WaitGroup
}

// meet has the first writer merge what so many further replicas did to each object, and
// fold it: blocks made now are not stored yet when the nodes die next.
func (r *killedRun) meet(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var deltas []store.Delta
	for key := range killedKeys {
		deltas = append(deltas, deltasOf(t, fmt.Sprint("c/", key), crdt.CounterKind(), r.met, r.replicas,
			func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil })...)
		deltas = append(deltas, deltasOf(t, fmt.Sprint("s/", key), crdt.AWSetKind(crdt.String), r.met, r.replicas,
			func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, killedElement); return nil })...)
	}
	e := r.writers[0].engine
	if err := e.Merge(ctx, deltas...); err != nil {
		t.Fatal(err)
	}
	for key := range killedKeys {
		for _, prefix := range []string{"c/", "s/"} {
			if err := e.Fold(ctx, fmt.Sprint(prefix, key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.met += r.replicas
}

// deltasOf returns what so many replicas did to an object, one after the other; others
// came before them.
func deltasOf[S crdt.Lattice[S]](
	t *testing.T, key string, k crdt.Kind[S], before, replicas int, touch func(*crdt.Tx, S) error,
) (deltas []store.Delta) {
	t.Helper()
	all, some := k.New(), k.New()
	for i := range replicas {
		d, err := crdt.Mutate(all, crdt.NewWriter(clock.ReplicaID(before+i+1)*0x9e3779b97f4a7c15, time.Now).On(), touch)
		if err != nil {
			t.Fatal(err)
		}
		some.Merge(d)
		if (i+1)%32 > 0 && i+1 < replicas {
			continue
		}
		f, err := crdt.AppendFrame(nil, k, some)
		if err != nil {
			t.Fatal(err)
		}
		deltas, some = append(deltas, store.Delta{Key: key, Frame: f}), k.New()
	}
	return deltas
}

func (r *killedRun) start(t *testing.T, c *as.Client, cfg aerospike.Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r.end = cancel
	for _, w := range r.writers {
		r.wg.Go(func() {
			for ctx.Err() == nil {
				w.write(t) //nolint:contextcheck // what has begun is not cut short
			}
		})
	}
	r.wg.Go(func() {
		rnd := rand.New(rand.NewPCG(2, 0))
		for ctx.Err() == nil {
			was := r.acked()
			if r.comeAndGo(t, c, cfg, rnd) { //nolint:contextcheck // what has begun is not cut short
				continue
			}
			astest.Until(t, "the cluster to come back", func() bool { return ctx.Err() != nil || r.acked() > was })
		}
	})
}

func (r *killedRun) stop() {
	r.end()
	r.wg.Wait()
}

// writing waits until each writer has written more, and processes have come.
func (r *killedRun) writing(t *testing.T) {
	t.Helper()
	came := r.came.Load() + 2
	astest.Until(t, "come", func() bool { return r.came.Load() >= came })
	for _, w := range r.writers {
		n := w.acked.Load() + 40
		astest.Until(t, "written", func() bool { return w.acked.Load() >= n })
	}
}

// acked returns how many updates were acknowledged to the writers.
func (r *killedRun) acked() (n int64) {
	for _, w := range r.writers {
		n += w.acked.Load()
	}
	return n
}

// comeAndGo is a process that changes some objects and ends. What became of its changes
// is known to nobody afterwards. It reports false if it met no cluster.
func (r *killedRun) comeAndGo(t *testing.T, c *as.Client, cfg aerospike.Config, rnd *rand.Rand) (opened bool) {
	t.Helper()
	e, err := aerospike.Open(t.Context(), c, cfg)
	if err != nil {
		return false
	}
	counters, members := objectsOf(e)
	errs := make([]error, 0, 4)
	for range 2 {
		i := rnd.IntN(killedKeys)
		r.tried[i].Add(1)
		_, err := counters.Update(t.Context(), fmt.Sprint(i), add(1), store.Blind())
		errs = append(errs, err)
		_, err = members.Update(t.Context(), fmt.Sprint(i), func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Add(tx, killedElement)
			return nil
		})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); errors.Is(err, aerospike.ErrCorrupt) {
		t.Errorf("a process that came: %v", err)
	} else if err == nil {
		r.came.Add(1)
	}
	_ = e.Close() // with what is in doubt
	return true
}

// compare waits until a process that remembers nothing sees all that was acknowledged
// to the writers.
func (r *killedRun) compare(t *testing.T, c *as.Client, cfg aerospike.Config) {
	t.Helper()
	began := time.Now()
	cfg.CacheObjects, cfg.Watch, cfg.Scrub = -1, -1, -1
	counters, members := objectsOf(open(t, c, cfg))
	over := time.After(time.Minute)
	for err := r.shown(t.Context(), counters, members); err != nil; err = r.shown(t.Context(), counters, members) {
		select {
		case <-over:
			t.Fatalf("a minute after the last outage: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	var acked, refused, doubts, restored int64
	for _, w := range r.writers {
		acked, refused, doubts = acked+w.acked.Load(), refused+w.refused, doubts+w.doubts
		restored += w.engine.Stats().Restored
	}
	t.Logf("%d outages, %d updates acknowledged to %d writers, %d of them after a doubt, %d refused; %d processes came and went; "+
		"%d blocks put back; all %d objects whole after %v",
		kills, acked, killedWriters, doubts, refused, r.came.Load(), restored, 2*killedKeys, time.Since(began).Round(time.Millisecond))
}

// shown returns what is wrong with an object, or nil.
func (r *killedRun) shown(
	ctx context.Context, counters store.Objects[*crdt.Counter], members store.Objects[*crdt.AWSet[string]],
) error {
	for key := range killedKeys {
		c, _, err := counters.View(ctx, fmt.Sprint(key))
		if err != nil {
			return err
		}
		least := int64(r.met)
		for _, w := range r.writers {
			least += w.sums[key]
		}
		if most := least + r.tried[key].Load(); c.Value() < least || c.Value() > most {
			return fmt.Errorf("counter %d is %d, want %d to %d", key, c.Value(), least, most)
		}
		s, _, err := members.View(ctx, fmt.Sprint(key))
		if err != nil {
			return err
		}
		want := 1
		for _, w := range r.writers {
			if w.last[key] == "" {
				continue
			}
			if want++; !s.Contains(w.last[key]) {
				return fmt.Errorf("set %d has not %q", key, w.last[key])
			}
		}
		if s.Len() != want || !s.Contains(killedElement) {
			return fmt.Errorf("set %d has %d elements, want %d", key, s.Len(), want)
		}
		for _, n := range []int{crdt.ContextOf(c).Rows(), crdt.ContextOf(s).Rows()} {
			if n < r.met {
				return fmt.Errorf("object %d has %d replicas, want %d at least", key, n, r.met)
			}
		}
	}
	return nil
}

func objectsOf(e *aerospike.Engine) (store.Objects[*crdt.Counter], store.Objects[*crdt.AWSet[string]]) {
	return store.NewObjects(e, "c/", crdt.CounterKind()), store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String))
}

// livingWriter is a process that lives to the end, and tries what is in doubt until
// it is known. All but acked belongs to the goroutine that writes, until it ends.
type livingWriter struct {
	engine   *aerospike.Engine
	counters store.Objects[*crdt.Counter]
	members  store.Objects[*crdt.AWSet[string]]
	id       int
	rand     *rand.Rand
	acked    atomic.Int64

	written, refused, doubts int64
	sums                     [killedKeys]int64
	last                     [killedKeys]string // its element of a set: the others it removed
}

func newLivingWriter(e *aerospike.Engine, id int) *livingWriter {
	w := &livingWriter{engine: e, id: id, rand: rand.New(rand.NewPCG(1, uint64(id)))}
	w.counters, w.members = objectsOf(e)
	return w
}

// write increments a counter, and replaces the writer's element of a set.
func (w *livingWriter) write(t *testing.T) {
	t.Helper()
	i := w.rand.IntN(killedKeys)
	key := fmt.Sprint(i)
	var opts []store.Option
	if w.rand.IntN(2) == 0 {
		opts = append(opts, store.Blind())
	}
	_, err := w.counters.Update(t.Context(), key, add(1), opts...)
	if w.applied(t, err) {
		w.sums[i]++
	}
	w.written++
	name := fmt.Sprint(w.id, ".", w.written)
	_, err = w.members.Update(t.Context(), key, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		if w.last[i] != "" {
			s.Remove(tx, w.last[i])
		}
		s.Add(tx, name)
		return nil
	})
	if w.applied(t, err) {
		w.last[i] = name
	}
}

// applied reports whether an update happened, when that is known.
func (w *livingWriter) applied(t *testing.T, err error) bool {
	t.Helper()
	doubt, inDoubt := errors.AsType[*store.InDoubtError](err)
	if inDoubt {
		w.doubts++
	}
	for inDoubt && err != nil && t.Context().Err() == nil {
		err = doubt.Retry(t.Context())
	}
	switch {
	case err == nil:
		w.acked.Add(1)
		return true
	case errors.Is(err, store.ErrInDoubt), errors.Is(err, aerospike.ErrCorrupt), errors.Is(err, aerospike.ErrStateTooLarge):
		t.Errorf("Update: %v", err)
	}
	w.refused++
	return false
}
