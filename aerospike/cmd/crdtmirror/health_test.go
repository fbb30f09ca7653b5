package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// ward is a mirror of two clusters, and what it answers.
type ward struct {
	*testing.T

	clusters [2]*asdtest.Cluster
	clients  [2]*as.Client
	mirror   *mirror.Mirror
	base     string
}

const set = "s"

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{T: t}
	cfg := mirror.Config{Sets: []string{set}}
	for i, name := range []string{"a", "b"} {
		w.clusters[i] = asdtest.Start(t, asdtest.WithName(name))
		w.clusters[i].Set(astest.Namespace, "max-record-size", "131072")
		w.clients[i] = astest.Connect(t, w.clusters[i].Addr())
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: name, Client: w.clients[i], Namespace: astest.Namespace})
	}
	m, err := mirror.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.mirror = m
	s := httptest.NewServer(handler(m.Stats, time.Hour, slog.New(slog.DiscardHandler)))
	t.Cleanup(s.Close)
	w.base = s.URL
	return w
}

// wants audits once, and checks what is answered then.
func (w *ward) wants(status int, health string, metrics ...string) {
	w.Helper()
	if err := w.mirror.Sync(w.Context()); err != nil {
		w.Fatal(err)
	}
	if _, err := w.mirror.Audit(w.Context()); err != nil {
		w.Log(err)
	}
	if got, text := get(w.T, w.base+"/healthz"); got != status || text != health {
		w.Errorf("health: %d %q, want %d %q", got, text, status, health)
	}
	_, text := get(w.T, w.base+"/metrics")
	for _, m := range metrics {
		if !strings.Contains(text, "crdtmirror_"+m+"\n") {
			w.Errorf("no %q in\n%s", m, text)
		}
	}
}

func (w *ward) delete(key string) {
	w.Helper()
	for _, c := range w.clients {
		k, err := as.NewKey(astest.Namespace, set, key)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := c.Delete(nil, k); err != nil {
			w.Fatal(err)
		}
	}
}

// TestHealthTooLarge has an object that each of two clusters takes, and neither together
// with what the other has.
func TestHealthTooLarge(t *testing.T) {
	w := newWard(t)
	w.wants(http.StatusOK, "ok\n", `stuck_objects{from="a",to="b"} 0`, `too_large_objects{from="a",to="b"} 0`)
	for i, c := range w.clients {
		e := astest.Open(t, c, aerospike.Config{Set: set, RecordSize: 100_000})
		o := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
		_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Add(tx, strings.Repeat(string(rune('x'+i)), 80_000))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.wants(http.StatusServiceUnavailable,
		"a to b: objects too large with what both clusters have of them: 1\n"+
			"b to a: objects too large with what both clusters have of them: 1\n",
		`stuck_objects{from="a",to="b"} 1`, `too_large_objects{from="a",to="b"} 1`)
	w.delete("k")
	w.wants(http.StatusOK, "ok\n", `stuck_objects{from="a",to="b"} 0`, `too_large_objects{from="a",to="b"} 0`)
}

// TestHealthForeign has records of somebody else, with and without a key.
func TestHealthForeign(t *testing.T) {
	w := newWard(t)
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	k, err := as.NewKey(astest.Namespace, set, "theirs")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.clients[0].PutBins(p, k, as.NewBin("user", "ann"), as.NewBin("balance", 7)); err != nil {
		t.Fatal(err)
	}
	line := ": foreign records, which somebody else wrote to the set: 1\n"
	w.wants(http.StatusServiceUnavailable, "a to b"+line+"b to a"+line,
		`stuck_objects{from="a",to="b"} 1`, `foreign_records{from="a",to="b"} 1`)
	w.delete("theirs")
	w.wants(http.StatusOK, "ok\n", `foreign_records{from="a",to="b"} 0`)
}

// TestHealthDamaged has a record that cannot be read.
func TestHealthDamaged(t *testing.T) {
	w := newWard(t)
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.SendKey = true
	k, err := as.NewKey(astest.Namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.clients[0].PutBins(p, k, as.NewBin("s", []byte("damaged"))); err != nil {
		t.Fatal(err)
	}
	line := ": damaged objects, with parts that cannot be read: 1\n"
	w.wants(http.StatusServiceUnavailable, "a to b"+line+"b to a"+line, `damaged_objects{from="a",to="b"} 1`)
	w.delete("k")
	w.wants(http.StatusOK, "ok\n", `damaged_objects{from="a",to="b"} 0`)
}

// TestHealthIncomplete has an object whose blocks are lost in the only cluster that had
// them.
func TestHealthIncomplete(t *testing.T) {
	w := newWard(t)
	cfg := aerospike.Config{Set: set, QueueLength: 1 << 20, RecordSize: 100_000, Scrub: -1, Watch: -1}
	e := astest.Open(t, w.clients[0], cfg)
	var deltas []store.Delta
	for id := range clock.ReplicaID(600) {
		one := func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }
		deltas = append(deltas, store.Delta{Key: "k", Frame: astest.Delta(t, crdt.CounterKind(), id+1, one)})
	}
	if err := e.Merge(t.Context(), deltas...); err != nil {
		t.Fatal(err)
	}
	cfg.RecordSize = 4 << 10
	if err := astest.Open(t, w.clients[0], cfg).Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	astest.Empty(t, w.clients[0], set+".b")
	line := ": incomplete objects, which lack a block in one of the clusters: 1\n"
	w.wants(http.StatusServiceUnavailable, "a to b"+line+"b to a"+line+"a: objects that lack a block there: 1\n",
		`incomplete_objects{from="a",to="b"} 1`, `cluster_incomplete_objects{cluster="a"} 1`)
	w.delete("k")
	w.wants(http.StatusOK, "ok\n", `incomplete_objects{from="a",to="b"} 0`, `cluster_incomplete_objects{cluster="a"} 0`)
}

// TestHealthMissed has partitions that cannot be scanned, so that nothing arrives any more
// of what is there.
func TestHealthMissed(t *testing.T) {
	w := newWard(t)
	w.clusters[1].Inject(asdtest.Fault{
		Match: func(op *asdtest.Op) bool { return op.Kind == asdtest.Scan && op.Partition == 7 },
		Code:  asdtest.Unavailable,
	})
	if err := w.mirror.Sync(t.Context()); err == nil {
		t.Error("Sync read a partition that cannot be read")
	}
	if _, err := w.mirror.Audit(t.Context()); err == nil {
		t.Error("Audit read a partition that cannot be read")
	}
	status, text := get(t, w.base+"/healthz")
	if status != http.StatusServiceUnavailable || !strings.Contains(text, "a and b: partitions that could not be compared: 1\n") {
		t.Errorf("health: %d %s", status, text)
	}
}

// TestHealthBehind says which direction is behind.
func TestHealthBehind(t *testing.T) {
	stats := func() mirror.Stats {
		return mirror.Stats{Directions: []mirror.DirectionStats{
			{From: "a", To: "b", Behind: time.Minute}, {From: "b", To: "a", Behind: time.Hour},
		}}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/healthz", http.NoBody)
	handler(stats, 5*time.Minute, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if want := "b to a: behind by 1h0m0s\n"; w.Code != http.StatusServiceUnavailable || string(text) != want || err != nil {
		t.Errorf("health: %d %q, %v, want %q", w.Code, text, err, want)
	}
}
