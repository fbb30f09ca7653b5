package aerospike_test

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// scrubbing returns configurations of an engine that does nothing about records but
// scrub them, and knows of the changes from one place only.
func scrubbing() map[string]aerospike.Config {
	const often = 20 * time.Millisecond
	return map[string]aerospike.Config{
		// A journal of a byte lets go of each change as soon as it is acknowledged.
		"memory":  {Set: "s", Watch: -1, Scrub: often, KeepSize: 1},
		"journal": {Set: "s", Watch: -1, Scrub: often, CacheObjects: -1},
	}
}

// shows waits until a process that remembers nothing sees the counter's value.
func shows(t *testing.T, c *as.Client, cfg aerospike.Config, want int64) {
	t.Helper()
	cfg.Scrub, cfg.CacheObjects = -1, -1
	counters := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
	until(t, func() bool {
		v, _, err := counters.View(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		return v.Value() == want
	})
}

// digest returns that of the key "k".
func digest(t *testing.T, set string) asdtest.Digest {
	t.Helper()
	k, err := as.NewKey(namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	return asdtest.Digest(k.Digest())
}

// TestScrub rolls a record back that nobody reads, in a cluster that stays as it is.
// What was acknowledged is there again without anybody's doing.
func TestScrub(t *testing.T) {
	for name, cfg := range scrubbing() {
		for i := range 4 {
			folded, opts := i%2 == 1, []store.Option(nil)
			if i >= 2 { // of which it is not known how they stand in the record
				opts = append(opts, store.Blind())
			}
			t.Run(fmt.Sprintf("%s,folded=%t,blind=%t", name, folded, i >= 2), func(t *testing.T) {
				s := asdtest.Start(t)
				c := connect(t, s.Addr())
				e := open(t, c, cfg)
				counters := store.NewObjects(e, "", crdt.CounterKind())
				for i := range 6 {
					if _, err := counters.Update(t.Context(), "k", add(1), opts...); err != nil {
						t.Fatal(err)
					}
					if folded && i == 3 {
						if err := e.Fold(t.Context(), "k"); err != nil {
							t.Fatal(err)
						}
					}
				}
				for range 3 { // whatever is mended in between
					if !s.Rollback(namespace, digest(t, "s"), 4) {
						t.Fatal("no such version")
					}
					shows(t, c, cfg, 6)
				}
			})
		}
	}
}

// TestScrubDatacenter has XDR write an old copy of a datacenter's own record over
// the newer one, which the copy elsewhere does not make up for: that one is behind
// its owner's by nature.
func TestScrubDatacenter(t *testing.T) {
	for name, cfg := range scrubbing() {
		t.Run(name, func(t *testing.T) {
			cfg.DC, cfg.DCs = "east", []string{"east", "west"}
			east, west := asdtest.Start(t), asdtest.Start(t)
			out := asdtest.NewLink(east, west, asdtest.LinkConfig{})
			home := asdtest.NewLink(west, east, asdtest.LinkConfig{Forward: true})
			c := connect(t, east.Addr())
			counters := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
			for i := range 6 {
				if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
					t.Fatal(err)
				}
				if i == 2 {
					out.ShipAll()
				}
			}
			for range 3 {
				if !home.ShipVersion(namespace, digest(t, "s.east"), 0) {
					t.Fatal("nothing was shipped back")
				}
				shows(t, c, cfg, 6)
			}
		})
	}
}

// TestScrubOnlyLooks scrubs records that have everything, also what other processes
// and datacenters wrote, what was removed and what never was: nothing is written.
// After Close nothing is read.
func TestScrubOnlyLooks(t *testing.T) {
	for _, dc := range []string{"", "east"} {
		t.Run("dc="+dc, func(t *testing.T) {
			s := asdtest.Start(t)
			c := connect(t, s.Addr())
			cfg := aerospike.Config{Set: "s", DC: dc, Watch: -1, Scrub: time.Millisecond, ScrubRate: 1 << 20, AuditEvery: -1}
			others := cfg
			others.Scrub = -1
			watched := &counting{Client: c}
			clients := []aerospike.Client{watched, c}
			if dc != "" {
				cfg.DCs = []string{"east", "west"}
				others.DC, others.DCs = "west", cfg.DCs
				west := asdtest.Start(t)
				asdtest.NewLink(west, s, asdtest.LinkConfig{}).Run()
				asdtest.NewLink(s, west, asdtest.LinkConfig{}).Run()
				clients[1] = connect(t, west.Addr())
			}
			var sets [2]store.Objects[*crdt.AWSet[string]]
			var engines [2]*aerospike.Engine
			for i, cfg := range []aerospike.Config{cfg, others} {
				engines[i] = open(t, clients[i], cfg)
				sets[i] = store.NewObjects(engines[i], "", crdt.AWSetKind(crdt.String))
			}
			for i := range 40 {
				if _, err := sets[i%2].Update(t.Context(), strconv.Itoa(i%4), func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
					s.Add(tx, strconv.Itoa(i))
					s.Remove(tx, strconv.Itoa(i-4))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if _, _, err := sets[0].View(t.Context(), strconv.Itoa(i%6)); err != nil {
					t.Fatal(err)
				}
				if err := engines[i%2].Fold(t.Context(), strconv.Itoa(i%4)); err != nil {
					t.Fatal(err)
				}
			}
			rounds(t, watched, 20) // what one more round may carry home is there
			written := watched.writes.Load()
			rounds(t, watched, 100)
			if n := watched.writes.Load() - written; n > 0 {
				t.Errorf("%d writes where nothing was lost", n)
			}
			if err := engines[0].Close(); err != nil {
				t.Fatal(err)
			}
			read := watched.reads.Load()
			for range 50 { // takes many times as long as a round
				if _, _, err := sets[1].View(t.Context(), "0"); err != nil {
					t.Fatal(err)
				}
			}
			if n := watched.reads.Load() - read; n > 0 {
				t.Errorf("%d reads after Close", n)
			}
		})
	}
}

// rounds waits for so many reads.
func rounds(t *testing.T, c *counting, n int64) {
	t.Helper()
	n += c.reads.Load()
	until(t, func() bool { return c.reads.Load() >= n })
}

// counting is a client that counts reads and writes of single records and batches.
type counting struct {
	aerospike.Client
	reads, writes atomic.Int64
}

func (c *counting) Get(p *as.BasePolicy, k *as.Key, bins ...string) (*as.Record, as.Error) {
	c.reads.Add(1)
	return c.Client.Get(p, k, bins...)
}

func (c *counting) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	c.writes.Add(1)
	return c.Client.Operate(p, k, ops...)
}

func (c *counting) BatchOperate(p *as.BatchPolicy, recs []as.BatchRecordIfc) as.Error {
	c.reads.Add(1)
	return c.Client.BatchOperate(p, recs)
}

// TestScrubTriesAgain finds a record behind while the cluster takes no writes. The
// next round finds it again.
func TestScrubTriesAgain(t *testing.T) {
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	log := &told{what: "not repaired"}
	cfg := scrubbing()["memory"]
	cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	counters := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
	for range 3 {
		if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatal(err)
		}
	}
	// A code that no writer waits out, so that the mending ends without a timeout.
	failing := s.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return o.Write }, Code: asdtest.ServerError})
	if !s.Rollback(namespace, digest(t, "s"), 2) {
		t.Fatal("no such version")
	}
	until(t, log.is.Load)
	failing.Remove()
	shows(t, c, cfg, 3)
}

// told is a log that waits for some words.
type told struct {
	what string
	is   atomic.Bool
}

func (l *told) Write(b []byte) (int, error) {
	if strings.Contains(string(b), l.what) {
		l.is.Store(true)
	}
	return len(b), nil
}
