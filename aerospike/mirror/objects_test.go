package mirror_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// enqueue puts a frame into the queue of a record, whatever it is.
func (p *place) enqueue(t *testing.T, key string, frame []byte) {
	t.Helper()
	w := as.NewWritePolicy(0, as.TTLDontExpire)
	w.SendKey = true
	m := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, as.MapWriteFlagsDefault)
	k := layout.KeyOf(frame)
	if _, err := p.client.Operate(w, p.key(t, key), as.MapPutOp(m, "q", k[:], frame)); err != nil {
		t.Fatal(err)
	}
}

// queue returns the frames that wait in a record.
func (p *place) queue(t *testing.T, key string) (frames [][]byte) {
	t.Helper()
	r, err := p.client.Get(nil, p.key(t, key))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := r.Bins["q"].([]as.MapPair)
	for _, e := range q {
		frames = append(frames, e.Value.([]byte))
	}
	return frames
}

// newerFrame is of a format that only a newer binary knows.
func newerFrame() []byte { return []byte{0x92, 100, 0} }

// TestUnknownKind has an object with a frame that nothing here can join: it
// arrives as it is, beside what can be joined, and once.
func TestUnknownKind(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		a.enqueue(t, "k", newerFrame())
		addTo(t, a.members(t, aerospike.Config{}), "known", "x")
		a.enqueue(t, "known", newerFrame())
		m := mirrorOf(t, ps, nil)
		sync1(t, m)
		if q := b.queue(t, "k"); len(q) != 1 || !bytes.Equal(q[0], newerFrame()) {
			t.Errorf("queue of the target: % x", q)
		}
		if q := b.queue(t, "known"); len(q) != 2 {
			t.Errorf("queue of the target: % x", q)
		}
		before := mirrorWrites(ps)
		audit1(t, m)
		sync1(t, mirrorOf(t, ps, nil))
		if n := mirrorWrites(ps) - before; n > 0 {
			t.Errorf("%d writes of what had arrived", n)
		}
	})
}

// TestUnapplied has a change that tells the fate of an event without doing what
// it did. The target must not take that for having applied it; and when the source
// has, the target must hear of it, although the objects are equal.
func TestUnapplied(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		frame := astest.Delta(t, crdt.CounterKind(), 7, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
		o, err := untyped.DecodeObject(frame)
		if err != nil {
			t.Fatal(err)
		}
		e := layout.NewEntryExcept(frame, o.Context())
		ps[0].enqueue(t, "k", e.Bytes())
		unapplied := func(p *place) *clock.Context {
			t.Helper()
			u := &layout.Record{}
			for _, b := range p.queue(t, "k") {
				e, err := layout.ReadEntry(layout.KeyOf(b), b)
				if err != nil {
					t.Fatal(err)
				}
				u.Queue = append(u.Queue, e)
			}
			s, err := layout.Join(nil, u)
			if err != nil {
				t.Fatal(err)
			}
			return s.Unapplied()
		}
		m := mirrorOf(t, ps, nil)
		sync1(t, m)
		if c := unapplied(ps[1]); c == nil || !c.Equal(o.Context()) {
			t.Errorf("the target has not applied %v, the source %v", c, o.Context())
		}
		ps[0].enqueue(t, "k", frame)
		passTime(ps, time.Second)
		sync1(t, m)
		if c := unapplied(ps[1]); c != nil {
			t.Errorf("the target has not applied %v, which the source has", c)
		}
		before := mirrorWrites(ps)
		passTime(ps, time.Second)
		sync1(t, m)
		audit1(t, m)
		if n := mirrorWrites(ps) - before; n > 0 {
			t.Errorf("%d writes while nothing changed", n)
		}
	})
}

// errorCount is a slog.Handler that counts errors.
type errorCount struct {
	slog.Handler
	errors atomic.Int64
}

func (h *errorCount) Enabled(context.Context, slog.Level) bool { return true }

func (h *errorCount) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.errors.Add(1)
	}
	return nil
}

// TestCorrupt has records that nobody can read. They are told, once each, and
// hold up nobody; what of them is whole arrives; and when they are whole, all does.
func TestCorrupt(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		o := a.members(t, aerospike.Config{})
		addTo(t, o, "queue", "whole")
		a.enqueue(t, "queue", []byte("damaged"))
		w := as.NewWritePolicy(0, as.TTLDontExpire)
		w.SendKey = true
		if err := a.client.PutBins(w, a.key(t, "snapshot"), as.NewBin("s", []byte("damaged"))); err != nil {
			t.Fatal(err)
		}
		keyless := as.NewWritePolicy(0, as.TTLDontExpire)
		if err := a.client.PutBins(keyless, a.key(t, "anonymous"), as.NewBin("q", 1)); err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			addTo(t, o, fmt.Sprint("good", i), "x")
		}
		log := &errorCount{}
		m := mirrorOf(t, ps, func(c *mirror.Config) { c.Logger = slog.New(log) })
		sync1(t, m)
		audit1(t, m)
		passTime(ps, time.Minute)
		sync1(t, m)
		for i := range 50 {
			b.want(t, fmt.Sprint("good", i), "x")
		}
		b.want(t, "queue", "whole")
		passTime(ps, time.Hour)
		d := m.Stats().Directions[0]
		if d.Damaged != 2 || d.Foreign != 1 || d.TooLarge+d.Incomplete > 0 {
			t.Errorf("%d damaged and %d foreign records, want 2 and 1: %+v", d.Damaged, d.Foreign, d)
		}
		if d.Stuck != 3 || ps[0].time != nil && d.Lag != time.Hour+time.Minute {
			t.Errorf("%d objects stuck, lag %v; want 3, since the start", d.Stuck, d.Lag)
		}
		if n := log.errors.Load(); n != 6 { // each in both directions: the audit cannot say whose fault it is
			t.Errorf("%d errors told of 3 objects, want one each and direction", n)
		}
		sync1(t, m)
		if n := m.Stats().Directions[0].Examined - d.Examined; ps[0].time != nil && n > 0 {
			t.Errorf("scanned %d objects again", n)
		}
		for _, k := range []string{"queue", "snapshot", "anonymous"} {
			if _, err := a.client.Delete(nil, a.key(t, k)); err != nil {
				t.Fatal(err)
			}
		}
		audit1(t, m)
		a.want(t, "queue", "whole")
		if d := m.Stats().Directions[0]; d.Stuck != 0 || d.Lag != 0 {
			t.Errorf("%d objects stuck, lag %v, with all in order", d.Stuck, d.Lag)
		}
	})
}

// TestRecordSize has one cluster with small records. What does not fit there
// does not go anywhere, and is told; the rest does.
func TestRecordSize(t *testing.T) {
	t.Log("on asdtest only: the settings of real servers are not the test's")
	ps := fakePlaces(t, 3)
	ps[1].fake.Set(astest.Namespace, "max-record-size", "131072")
	o := ps[0].members(t, aerospike.Config{})
	addTo(t, o, "large", strings.Repeat("x", 120_000))
	addTo(t, o, "grows", strings.Repeat("x", 60_000))
	m := mirrorOf(t, ps, nil)
	late := func() { // the cluster answers last: only what was not to be is done before
		ps[1].path.onNodes.Store(nil)
		for end := time.Now().Add(100 * time.Millisecond); ps[2].path.writes.Load() == 0 && time.Now().Before(end); {
			runtime.Gosched()
		}
	}
	ps[1].path.onNodes.Store(&late)
	sync1(t, m)
	if s := m.Stats(); s.RecordSize != 131072-16384 {
		t.Errorf("records of %d bytes", s.RecordSize)
	}
	addTo(t, o, "grows", strings.Repeat("y", 60_000))
	addTo(t, o, "small", "x")
	passTime(ps, time.Second)
	sync1(t, m)
	for _, p := range ps[1:] {
		p.want(t, "large")
		p.want(t, "grows", strings.Repeat("x", 60_000))
		p.want(t, "small", "x")
	}
	for _, d := range m.Stats().Directions {
		if want := map[string]int{"a": 2}[d.From]; d.Stuck != want || d.TooLarge != want {
			t.Errorf("%d objects stuck from %s to %s, want %d", d.Stuck, d.From, d.To, want)
		}
	}
}

// TestPages copies more objects than a page has, in one group of partitions.
func TestPages(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		objects := 5000
		if testing.Short() {
			objects = 2500 // more than a page still
		}
		addTo(t, ps[0].members(t, aerospike.Config{}), "k0", "x")
		frame := ps[0].queue(t, "k0")[0]
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				for i := w; i < objects; i += 16 {
					ps[0].enqueue(t, fmt.Sprint("k", i), frame)
				}
			})
		}
		wg.Wait()
		m := mirrorOf(t, ps, func(c *mirror.Config) { c.Partitions = 4096 })
		began := time.Now()
		sync1(t, m)
		t.Logf("%d objects in %v", objects, time.Since(began))
		if n := m.Stats().Directions[0].Copied; n != int64(objects) {
			t.Errorf("%d objects copied, want %d", n, objects)
		}
		if n := len(astest.Scanned(t, ps[1].client, ps[1].set)); n != objects {
			t.Errorf("%d objects arrived, want %d", n, objects)
		}
	})
}

// TestOneKeyFails has one object that the target never takes. The others
// arrive, it is scanned again, and it arrives when the target takes it.
func TestOneKeyFails(t *testing.T) {
	t.Log("on asdtest only: it fails for one key")
	ps := fakePlaces(t, 2)
	o := ps[0].members(t, aerospike.Config{})
	m := mirrorOf(t, ps, func(c *mirror.Config) { c.Timeout = time.Second })
	sync1(t, m)
	for i := range 20 {
		addTo(t, o, fmt.Sprint("k", i), "x")
	}
	busy := ps[1].fake.Inject(asdtest.Fault{
		Match: func(op *asdtest.Op) bool { return op.Write && op.Key == "k7" },
		Code:  asdtest.KeyBusy,
	})
	for range 3 {
		passTime(ps, time.Hour)
		if err := m.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), `"k7"`) {
			t.Errorf("Sync: %v, want what failed", err)
		}
	}
	if lag := m.Stats().Directions[0].Lag; lag != 3*time.Hour {
		t.Errorf("lag of %v, want 3h", lag)
	}
	for i := range 20 {
		if i != 7 {
			ps[1].want(t, fmt.Sprint("k", i), "x")
		}
	}
	busy.Remove()
	sync1(t, m)
	ps[1].want(t, "k7", "x")
	if lag := m.Stats().Directions[0].Lag; lag != 0 {
		t.Errorf("lag of %v, want none", lag)
	}
}
