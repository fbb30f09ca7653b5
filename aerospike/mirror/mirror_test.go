package mirror_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// TestSlowNode writes on a node whose clock is behind, so that the record
// looks older than the scan that ran just before, and on clusters whose clocks are
// hours away from the mirror's.
func TestSlowNode(t *testing.T) {
	t.Log("on asdtest only: the clocks of real servers are not the test's")
	ps := fakePlaces(t, 2)
	clock := ps[0].time
	m := mirrorOf(t, ps, nil)
	a := ps[0].members(t, aerospike.Config{})
	sync1(t, m)
	for i, off := range []time.Duration{0, -5 * time.Hour, 5 * time.Hour} {
		clock.skew("a", off)
		clock.advance(time.Minute)
		sync1(t, m)
		clock.skew("a", off-8*time.Second) // this node, and only for the write
		key := fmt.Sprint("slow", i)
		addTo(t, a, key, "x")
		clock.skew("a", off)
		clock.advance(time.Second)
		sync1(t, m)
		ps[1].want(t, key, "x")
	}
}

// TestHealOldLUT writes on a side of a split that the mirror does not see.
// When the split heals, the version of that side wins, with its old time.
func TestHealOldLUT(t *testing.T) {
	t.Log("on asdtest only: real servers are not split")
	ps := fakePlaces(t, 2)
	clock := ps[0].time
	m := mirrorOf(t, ps, nil)
	addTo(t, ps[0].members(t, aerospike.Config{}), "k", "before")
	sync1(t, m)
	split, err := ps[0].fake.Split()
	if err != nil {
		t.Fatal(err)
	}
	far := newPlace(t, "far", split.Addr(asdtest.SideB), ps[0].set)
	addTo(t, far.members(t, aerospike.Config{}), "k", "hidden")
	for range 3 {
		clock.advance(time.Hour)
		sync1(t, m)
	}
	ps[1].want(t, "k", "before")
	split.Heal(asdtest.WinnerB)
	clock.advance(time.Second)
	sync1(t, m)
	ps[1].want(t, "k", "before", "hidden")
}

// TestLongScan has a server that takes a minute for a scan, in which records
// grow older than what the scan was asked for.
func TestLongScan(t *testing.T) {
	t.Log("on asdtest only: the time of real servers is not the test's")
	ps := fakePlaces(t, 2)
	clock := ps[0].time
	m := mirrorOf(t, ps, nil)
	sync1(t, m)
	clock.advance(time.Hour)
	sync1(t, m)
	addTo(t, ps[0].members(t, aerospike.Config{}), "k", "x")
	clock.advance(time.Second)
	slow := func() { clock.advance(time.Minute) }
	ps[0].path.onScan.Store(&slow)
	if err := m.Sync(t.Context()); err == nil {
		t.Error("Sync takes what a scan of a minute saw for everything")
	}
	ps[0].path.onScan.Store(nil)
	clock.advance(time.Second)
	sync1(t, m)
	ps[1].want(t, "k", "x")
}

// TestTargetRollback puts the target's record back to an older version, which
// moves nothing at the source: by a restart, after which the scan has to begin
// anew, and without any trace, so that only the audit can see it.
func TestTargetRollback(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, nil)
		a := ps[0].members(t, aerospike.Config{})
		addTo(t, a, "k", "one")
		sync1(t, m)
		for i, restart := range []bool{true, false} {
			if restart && ps[1].fake == nil {
				t.Log("no restart: a real server")
				continue
			}
			old, gerr := ps[1].client.Get(nil, ps[1].key(t, "k"))
			if gerr != nil {
				t.Fatal(gerr)
			}
			element := fmt.Sprint("two", i)
			addTo(t, a, "k", element)
			sync1(t, m)
			want := ps[0].has(t, "k")
			ps[1].want(t, "k", want...)
			for range 2 {
				passTime(ps, time.Hour)
				sync1(t, m)
			}
			ps[1].rollback(t, "k", old)
			if restart {
				ps[1].fake.Restart(asdtest.RecoverLive)
				untilWell(t, "Sync", m.Sync)
			} else {
				audit1(t, m)
			}
			ps[1].want(t, "k", want...)
		}
	})
}

// untilWell calls f until it does not fail: connections come back by and by.
func untilWell(t *testing.T, what string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// passTime lets time pass where it is the test's.
func passTime(ps []*place, d time.Duration) {
	if ps[0].time != nil {
		ps[0].time.advance(d)
	}
}

// rollback puts a record back to an older version: as a node does that comes back,
// or if that cannot be had, by writing what it was.
func (p *place) rollback(t *testing.T, key string, old *as.Record) {
	t.Helper()
	k := p.key(t, key)
	if p.fake != nil {
		if !p.fake.Rollback(astest.Namespace, asdtest.Digest(k.Digest()), 1) {
			t.Fatalf("no older version of %q", key)
		}
		return
	}
	if _, err := p.client.Delete(nil, k); err != nil {
		t.Fatal(err)
	}
	w := as.NewWritePolicy(0, as.TTLDontExpire)
	w.SendKey = true
	bins := []*as.Bin{}
	for name, v := range old.Bins {
		if q, ok := v.([]as.MapPair); ok {
			m := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, as.MapWriteFlagsDefault)
			for _, e := range q {
				if _, err := p.client.Operate(w, k, as.MapPutOp(m, name, entryKey(e.Key), e.Value)); err != nil {
					t.Fatal(err)
				}
			}
			continue
		}
		bins = append(bins, as.NewBin(name, v))
	}
	if len(bins) > 0 {
		if err := p.client.PutBins(w, k, bins...); err != nil {
			t.Fatal(err)
		}
	}
}

// entryKey returns the key of an entry as it was written.
func entryKey(key any) any {
	if k, ok := key.([16]byte); ok {
		return k[:]
	}
	return key
}

// TestRelay has no link from a to c: what b got from one it passes on.
func TestRelay(t *testing.T) {
	onPlaces(t, 3, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, nil, mirror.Link{A: "a", B: "b"}, mirror.Link{A: "b", B: "c"})
		sync1(t, m)
		addTo(t, ps[0].members(t, aerospike.Config{}), "k", "from a")
		addTo(t, ps[2].members(t, aerospike.Config{}), "k", "from c")
		for range 2 {
			passTime(ps, time.Second)
			sync1(t, m)
		}
		for _, p := range ps {
			p.want(t, "k", "from a", "from c")
		}
	})
}

// TestWrittenAgain writes one object again and again, so that every scan sees
// it whose margin reaches back to the write before.
func TestWrittenAgain(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, nil)
		a := ps[0].members(t, aerospike.Config{})
		var want []string
		for i := range 5 {
			want = append(want, fmt.Sprint(i))
			addTo(t, a, "k", want[i])
			passTime(ps, time.Second)
			sync1(t, m)
			ps[1].want(t, "k", want...)
		}
	})
}

// TestCrashBeforeAck ends a mirror while the target is about to acknowledge,
// and goes on from what it saved.
func TestCrashBeforeAck(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a := ps[0].members(t, aerospike.Config{})
		for i := range 100 {
			addTo(t, a, fmt.Sprint("old", i), "x")
		}
		m := mirrorOf(t, ps, nil)
		sync1(t, m)
		passTime(ps, time.Hour)
		sync1(t, m)
		addTo(t, a, "k", "x")
		passTime(ps, time.Hour) // so that no margin covers for the cursor

		ctx, crash := context.WithCancel(t.Context())
		onWrite := func() as.Error { crash(); return lostReply() }
		ps[1].path.onWrite.Store(&onWrite)
		if err := m.Sync(ctx); err == nil {
			t.Fatal("Sync succeeded, in which the target answered nothing")
		}
		saved, err := m.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		ps[1].path.onWrite.Store(nil)
		passTime(ps, time.Hour)

		m = mirrorOf(t, ps, func(c *mirror.Config) { c.Checkpoint = saved })
		sync1(t, m)
		ps[1].want(t, "k", "x")
		if d := m.Stats().Directions[0]; ps[0].fake != nil && d.Examined > 50 {
			t.Errorf("after a checkpoint %d of 101 objects were examined", d.Examined)
		}
	})
}
