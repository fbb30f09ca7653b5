package mirror_test

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
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// disasters are what happens to the clusters while they are written to, and how it
// ends. On real servers they are shell commands; see testdata/disasters.md.
type disasters struct{ kill, restart, split, heal func(t *testing.T) }

// disastersOf returns those of real servers, from the environment, or those of
// servers in this process: the second loses what it did since it last told its
// storage, as far as that goes, and the third falls in two.
func disastersOf(servers []*asdtest.Cluster) disasters {
	if servers == nil {
		return disasters{astest.Command("AEROSPIKE_KILL"), astest.Command("AEROSPIKE_RESTART"), astest.Command("AEROSPIKE_SPLIT"), astest.Command("AEROSPIKE_HEAL")}
	}
	var split *asdtest.Split
	return disasters{
		kill:    func(*testing.T) { servers[1].RefuseConnections(true) },
		restart: func(*testing.T) { servers[1].Restart(asdtest.RecoverZombies); servers[1].AcceptConnections() },
		split: func(t *testing.T) {
			t.Helper()
			var err error
			if split, err = servers[2].Split(); err != nil {
				t.Fatal(err)
			}
		},
		heal: func(*testing.T) { split.Heal(asdtest.WinnerB) }, // the side that nobody wrote to
	}
}

// TestDisasters writes in three clusters, by processes that live on, while links
// are cut, a server is killed and started again on its storage, and a cluster falls
// in two and heals. Within an audit period after that every acknowledged update is
// everywhere, none twice.
func TestDisasters(t *testing.T) {
	var servers []*asdtest.Cluster
	var cs []*as.Client
	if os.Getenv("AEROSPIKE_HOSTS") != "" {
		cs = clusters(t, 3)
	} else {
		for range 3 {
			s := asdtest.Start(t)
			servers, cs = append(servers, s), append(cs, astest.Connect(t, s.Addr()))
		}
	}
	d := disastersOf(servers)
	// A set of its own: a server that is killed brings back, with what it knew, what
	// an earlier run deleted.
	set := fmt.Sprintf("d%d", time.Now().UnixNano())
	const audit = 3 * time.Second
	cfg := mirror.Config{Sets: []string{set}, Period: 50 * time.Millisecond, AuditPeriod: audit}
	var cuts [3]*path
	var regions [3]*writers
	for i, c := range cs {
		cuts[i] = &path{Client: c, onCut: lostReply}
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: fmt.Sprint(i), Client: cuts[i], Namespace: astest.Namespace})
		e := astest.Open(t, c, aerospike.Config{Set: set, QueueLength: 32, Watch: 100 * time.Millisecond, Timeout: 3 * time.Second})
		regions[i] = newWriters(t, e, i)
	}
	m, err := mirror.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()

	writing := func() { // until each region has written so much more
		t.Helper()
		for _, w := range regions {
			n := w.acked.Load() + 60
			astest.Until(t, "come", func() bool { return w.acked.Load() >= n })
		}
	}
	writing()
	cuts[0].cut.Store(true)
	writing()
	cuts[0].cut.Store(false)
	cuts[2].cut.Store(true)
	d.kill(t)
	if servers == nil && os.Getenv("AEROSPIKE_KILL") == "" {
		writing()
	}
	d.restart(t)
	writing()
	cuts[2].cut.Store(false)
	d.split(t)
	writing()
	d.heal(t)
	writing()
	for _, w := range regions {
		w.stop()
	}
	healed := time.Now()
	compare(t, cs, set, regions[:])
	t.Logf("%d + %d + %d updates acknowledged, %d after a doubt; everywhere %v after the last",
		regions[0].acked.Load(), regions[1].acked.Load(), regions[2].acked.Load(), doubts(regions[:]), time.Since(healed).Round(time.Millisecond))
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
}

// writers write to one cluster until they are stopped, and remember what was
// acknowledged. A change in doubt is tried until it is.
type writers struct {
	counters store.Objects[*crdt.Counter]
	members  store.Objects[*crdt.AWSet[string]]
	acked    atomic.Int64
	doubts   atomic.Int64
	end      chan struct{}
	wg       sync.WaitGroup

	mu    sync.Mutex
	sums  map[string]int64
	added map[string][]string // elements that were added and never removed, by key
}

const disasterKeys = 8

func newWriters(t *testing.T, e *aerospike.Engine, region int) *writers {
	t.Helper()
	w := &writers{
		counters: store.NewObjects(e, "c/", crdt.CounterKind()), members: store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String)),
		end: make(chan struct{}), sums: make(map[string]int64), added: make(map[string][]string),
	}
	for i := range 4 {
		r := rand.New(rand.NewPCG(uint64(region), uint64(i)))
		w.wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-w.end:
					return
				default:
					w.write(t, r, fmt.Sprint(region, ".", i, ".", n))
				}
			}
		})
	}
	return w
}

func (w *writers) stop() {
	close(w.end)
	w.wg.Wait()
}

// write increments a counter, and adds an element to a set while it removes the
// last one that it added there; every fourth stays.
func (w *writers) write(t *testing.T, r *rand.Rand, name string) {
	t.Helper()
	key := fmt.Sprint(r.IntN(disasterKeys))
	n := int64(1 + r.IntN(9))
	var opts []store.Option
	if r.IntN(2) == 0 {
		opts = append(opts, store.Blind())
	}
	if w.done(t, func(ctx context.Context) error {
		_, err := w.counters.Update(ctx, key, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, n); return nil }, opts...)
		return err
	}) {
		w.mu.Lock()
		w.sums[key] += n
		w.mu.Unlock()
	}
	if w.done(t, func(ctx context.Context) error {
		_, err := w.members.Update(ctx, key, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Add(tx, name)
			if r.IntN(4) > 0 {
				s.Add(tx, name+"x")
				s.Remove(tx, name+"x")
			}
			return nil
		}, opts...)
		return err
	}) {
		w.mu.Lock()
		w.added[key] = append(w.added[key], name)
		w.mu.Unlock()
	}
}

// done runs an update until it is known what became of it, and reports whether it
// was applied.
func (w *writers) done(t *testing.T, update func(ctx context.Context) error) bool {
	t.Helper()
	err := update(t.Context())
	doubt, inDoubt := errors.AsType[*store.InDoubtError](err)
	if inDoubt {
		w.doubts.Add(1)
	}
	for inDoubt && err != nil && t.Context().Err() == nil {
		err = doubt.Retry(t.Context())
	}
	switch {
	case err == nil:
		w.acked.Add(1)
		return true
	case errors.Is(err, store.ErrInDoubt):
		t.Errorf("in doubt to the end: %v", err)
	case !errors.Is(err, store.ErrContention) && !strings.Contains(err.Error(), "MAX_RETRIES"):
		t.Errorf("Update: %v", err)
	}
	return false
}

func doubts(ws []*writers) (n int64) {
	for _, w := range ws {
		n += w.doubts.Load()
	}
	return n
}

// compare waits until every cluster shows what was acknowledged anywhere, and fails
// if any shows more than that.
func compare(t *testing.T, cs []*as.Client, set string, ws []*writers) {
	t.Helper()
	sums, added := make(map[string]int64), make(map[string]int)
	for _, w := range ws {
		for key, n := range w.sums {
			sums[key] += n
		}
		for key, names := range w.added {
			added[key] += len(names)
		}
	}
	for i, c := range cs {
		e := astest.Open(t, c, aerospike.Config{Set: set, CacheObjects: -1, Watch: -1})
		counters := store.NewObjects(e, "c/", crdt.CounterKind())
		members := store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String))
		var last string
		shows := func() bool {
			for key, want := range sums {
				v, _, err := counters.View(t.Context(), key)
				if err != nil || v.Value() != want {
					last = fmt.Sprintf("counter %s is %v, %v, acknowledged %d", key, v, err, want)
					return false
				}
			}
			for key, want := range added {
				s, _, err := members.View(t.Context(), key)
				if err != nil || s.Len() != want {
					last = fmt.Sprintf("set %s has %d elements, %v, acknowledged %d", key, s.Len(), err, want)
					return false
				}
			}
			return true
		}
		over := time.After(30 * time.Second)
		for !shows() {
			select {
			case <-over:
				t.Fatalf("cluster %d: %s", i, last)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}
