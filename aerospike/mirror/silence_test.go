package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/audit"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestSilence has the connections of a mirror to one of its clusters end without
// a word, again and again. What is written goes on arriving, long before the time is
// over that a scan may be silent, and the mirror ends when it is told to.
func TestSilence(t *testing.T) {
	ps := fakePlaces(t, 2)
	w := newWire(t, ps[1].addr)
	ps[1].path.Client = astest.ConnectWith(t, impatient(), w.addr())
	m := mirrorOf(t, ps, func(c *mirror.Config) {
		c.Now, c.Attempt, c.Period, c.AuditPeriod, c.Concurrency = nil, time.Second, 10*time.Millisecond, 3*time.Second, 64
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	var objects, readers [2]store.Objects[*crdt.AWSet[string]]
	for i, p := range ps {
		objects[i], readers[i] = p.members(t, aerospike.Config{}), p.members(t, aerospike.Config{CacheObjects: -1})
	}
	for n := range 3 {
		element := strconv.Itoa(n)
		for i, o := range objects {
			for k := range silentKeys {
				addTo(t, o, fmt.Sprint(i, k), element)
			}
		}
		astest.Until(t, "come", func() bool {
			for i := range objects {
				for k := range silentKeys {
					s, _, err := readers[1-i].View(t.Context(), fmt.Sprint(i, k))
					if err != nil || !s.Contains(element) {
						return false
					}
				}
			}
			return true
		})
		w.silence()
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run does not end")
	}
}

// silentKeys are so many that the mirror copies them over many connections.
const silentKeys = 100

// TestSilentScan has the connections end without a word when a scan has begun.
// The mirror does not wait long for it, and the next one is well.
func TestSilentScan(t *testing.T) {
	ps := fakePlaces(t, 2)
	w := newWire(t, ps[1].addr)
	ps[1].path.Client = astest.ConnectWith(t, impatient(), w.addr())
	m := mirrorOf(t, ps, func(c *mirror.Config) { c.Attempt = time.Second })
	addTo(t, ps[1].members(t, aerospike.Config{}), "k", "x")
	var once sync.Once
	silence := func() { once.Do(w.silence) }
	ps[1].path.onScan.Store(&silence)
	began := time.Now()
	if err := m.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), `scan cluster "b"`) {
		t.Errorf("Sync: %v, want what was silent", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("given up after %v", took)
	}
	sync1(t, m)
	ps[0].want(t, "k", "x")
}

// TestAskAfterSilence asks a node after all of a client's connections to it ended
// without a word. Not each of them has to be waited for.
func TestAskAfterSilence(t *testing.T) {
	w := newWire(t, asdtest.Start(t).Addr())
	c := astest.ConnectWith(t, impatient(), w.addr())
	n, err := c.GetNodes()[0].WarmUp(20)
	if err != nil || n < 20 {
		t.Fatalf("%d connections, %v", n, err)
	}
	astest.Until(t, "come", func() bool { return w.carries() > n })
	w.silence()
	for failed := 0; ; failed++ {
		_, err := audit.Cluster(t.Context(), c, audit.Facts{Namespace: astest.Namespace, Set: "s"})
		if err == nil {
			return
		}
		t.Log(time.Now(), err)
		if failed == 5 {
			t.Fatalf("again and again: %v", err)
		}
	}
}

// impatient is the policy of a client that does not wait long by itself, when it tends
// the cluster and when it is closed.
func impatient() *as.ClientPolicy {
	p := as.NewClientPolicy()
	p.Timeout = 2 * time.Second
	return p
}

// TestStatsOfSilentCluster asks for the figures and the checkpoint while a cluster does not
// answer a question. They do not wait for it, and a Sync whose context ends does not either.
func TestStatsOfSilentCluster(t *testing.T) {
	t.Log("on asdtest only: it answers when the test says so")
	ps := fakePlaces(t, 2)
	addTo(t, ps[0].members(t, aerospike.Config{}), "k", "x")
	m := mirrorOf(t, ps, nil)
	sync1(t, m)
	passTime(ps, time.Second)
	asked, answer := make(chan bool, 1), make(chan bool)
	hold := func() {
		select {
		case asked <- true:
			<-answer
		default:
		}
	}
	ps[1].path.onNodes.Store(&hold)
	ended := make(chan error, 1)
	go func() { ended <- m.Sync(t.Context()) }()
	<-asked
	for what, f := range map[string]func() error{
		"Stats": func() error {
			if s := m.Stats(); !s.Clusters[1].Settled || s.Clusters[1].Epoch == 0 {
				return fmt.Errorf("not what was seen last: %+v", s.Clusters[1])
			}
			return nil
		},
		"Checkpoint": func() error {
			saved, err := m.Checkpoint()
			if err == nil && !strings.Contains(string(saved), `"To":"b"`) {
				err = fmt.Errorf("no cursors: %s", saved)
			}
			return err
		},
		"Sync": func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := m.Sync(ctx); !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%w, want that it was canceled", err)
			}
			return nil
		},
	} {
		done := make(chan error, 1)
		go func() { done <- f() }()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s waits for the silent cluster", what)
		}
	}
	close(answer)
	if err := <-ended; err != nil {
		t.Errorf("Sync: %v", err)
	}
}
