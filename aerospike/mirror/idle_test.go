package mirror_test

import (
	"fmt"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// mirrorWrites returns how many writes mirrors have sent to the places.
func mirrorWrites(ps []*place) (n int64) {
	for _, p := range ps {
		n += p.path.writes.Load()
	}
	return n
}

// TestIdle counts what is written once clusters are equal that all copy from
// each other: nothing, by scans and by audits, be the queues folded or not. And it
// counts what is read once what changed has grown older than the margin: nothing by
// scans.
func TestIdle(t *testing.T) {
	onPlaces(t, 3, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, nil)
		for i, p := range ps {
			o := p.members(t, aerospike.Config{QueueLength: 3})
			for n := range 20 {
				addTo(t, o, fmt.Sprint("k", n%7), fmt.Sprint(i, n))
			}
		}
		for range 4 {
			passTime(ps, time.Second)
			sync1(t, m)
		}
		want := ps[0].has(t, "k0")
		ps[1].want(t, "k0", want...)
		ps[2].want(t, "k0", want...)
		before := mirrorWrites(ps)
		for range 3 {
			passTime(ps, time.Second)
			sync1(t, m)
			audit1(t, m)
		}
		if n := mirrorWrites(ps) - before; n > 0 {
			t.Errorf("%d writes while nothing changed", n)
		}
		if ps[0].time == nil {
			return
		}
		passTime(ps, time.Hour)
		sync1(t, m)
		examined := m.Stats().Directions[0].Examined
		passTime(ps, time.Hour)
		sync1(t, m)
		if n := m.Stats().Directions[0].Examined - examined; n > 0 {
			t.Errorf("%d objects examined although none changed for an hour", n)
		}
	})
}

// TestQueueOnly has records whose snapshots are equal, and so their hashes,
// while the queue of one has a change that the other has not. Only the audit runs.
func TestQueueOnly(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		addTo(t, a.members(t, aerospike.Config{QueueLength: 1}), "k", "folded")
		var rec *as.Record
		for rec == nil || rec.Bins["w"] == nil {
			var err as.Error
			if rec, err = a.client.Get(nil, a.key(t, "k")); err != nil {
				t.Fatal(err)
			}
		}
		w := as.NewWritePolicy(0, as.TTLDontExpire)
		w.SendKey = true
		for _, name := range []string{"s", "w", "h"} {
			if err := b.client.PutBins(w, b.key(t, "k"), as.NewBin(name, rec.Bins[name])); err != nil {
				t.Fatal(err)
			}
		}
		addTo(t, a.members(t, aerospike.Config{}), "k", "queued")
		b.want(t, "k", "folded")
		for _, p := range ps {
			now, err := p.client.Get(nil, p.key(t, "k"))
			if err != nil || now.Bins["h"] != rec.Bins["h"] {
				t.Fatalf("the snapshot of %s is not as it was: %v", p.name, err)
			}
		}
		m := mirrorOf(t, ps, nil)
		audit1(t, m)
		b.want(t, "k", "folded", "queued")

		// And back, over the other direction of the link.
		addTo(t, b.members(t, aerospike.Config{}), "k", "back")
		audit1(t, m)
		a.want(t, "k", "back", "folded", "queued")
		if n := m.Stats().Audits[0].Passes; n != 2 {
			t.Errorf("%d passes counted", n)
		}
	})
}
