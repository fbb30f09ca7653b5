package asdtest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// TestLinkShips: a link ships the version of the moment, whole, with a generation of
// the other cluster.
func TestLinkShips(t *testing.T) {
	t.Parallel()
	a, b := fake(t, asdtest.WithName("a")), fake(t, asdtest.WithName("b"))
	l := asdtest.NewLink(a.c, b.c, asdtest.LinkConfig{})
	k := fresh(t)
	put(t, b.client, k, "theirs", 1)
	for i := range 3 {
		put(t, a.client, k, "ours", i)
	}
	if l.Pending() != 1 {
		t.Errorf("%d records wait, want 1: versions are skipped", l.Pending())
	}
	if n := l.ShipAll(); n != 1 {
		t.Errorf("%d were shipped, want 1", n)
	}
	if got := bins(t, b.client, k); got != "gen 2 bins{ours:int(2)}" {
		t.Errorf("what arrived: %s, want a replaced record", got)
	}
	_, err := a.client.Delete(wp(), k)
	ok(t, err)
	l.ShipAll()
	if got := bins(t, b.client, k); got != "code 2" {
		t.Errorf("a deletion arrived as %s", got)
	}
}

// TestLinkOnlyChanged: bins that nobody wrote at the source stay at the other end.
func TestLinkOnlyChanged(t *testing.T) {
	t.Parallel()
	a, b := fake(t), fake(t)
	ab := asdtest.NewLink(a.c, b.c, asdtest.LinkConfig{OnlyChanged: true})
	ba := asdtest.NewLink(b.c, a.c, asdtest.LinkConfig{OnlyChanged: true})
	k := fresh(t)
	put(t, a.client, k, "a", 1)
	put(t, b.client, k, "b", 1)
	ab.ShipAll()
	ba.ShipAll()
	for _, s := range []*server{a, b} {
		if got := bins(t, s.client, k); got != "gen 2 bins{a:int(1) b:int(1)}" {
			t.Errorf("after shipping both ways: %s", got)
		}
	}
	if ab.Pending()+ba.Pending() != 0 {
		t.Error("what arrived waits to be shipped back")
	}
	ok(t, a.client.PutBins(wp(), k, as.NewBin("a", nil)))
	ab.ShipAll()
	if got := bins(t, b.client, k); got != "gen 3 bins{b:int(1)}" {
		t.Errorf("a bin that was taken away: %s", got)
	}
}

// TestLinkForward: what arrived goes on over a link that forwards, and only there.
func TestLinkForward(t *testing.T) {
	t.Parallel()
	for _, forward := range []bool{false, true} {
		a, b, c := fake(t), fake(t), fake(t)
		ab := asdtest.NewLink(a.c, b.c, asdtest.LinkConfig{})
		bc := asdtest.NewLink(b.c, c.c, asdtest.LinkConfig{Forward: forward})
		k := fresh(t)
		put(t, a.client, k, "v", 1)
		ab.ShipAll()
		bc.ShipAll()
		want := "code 2"
		if forward {
			want = "gen 1 bins{v:int(1)}"
		}
		if got := bins(t, c.client, k); got != want {
			t.Errorf("forward %v: %s, want %s", forward, got, want)
		}
		_, err := a.client.Delete(wp(), k)
		ok(t, err)
		ab.ShipAll()
		bc.ShipAll()
		if got := bins(t, c.client, k); got != "code 2" {
			t.Errorf("forward %v: a deletion arrived as %s", forward, got)
		}
	}
}

// TestLinkMischief: a link reorders, repeats, and brings an old version after a new
// one; a cut one waits, and a rewound one ships everything.
func TestLinkMischief(t *testing.T) {
	t.Parallel()
	a, b := fake(t), fake(t)
	l := asdtest.NewLink(a.c, b.c, asdtest.LinkConfig{Ships: func(_, set string) bool { return set == testSet }})
	k := fresh(t)
	for i := range 3 {
		put(t, a.client, k, "v", i)
	}
	l.ShipAll()
	if !l.ShipVersion("test", digest(k), 2) {
		t.Fatal("ShipVersion found no old version")
	}
	if got := bins(t, b.client, k); got != "gen 2 bins{v:int(0)}" {
		t.Errorf("the old version arrived as %s", got)
	}
	l.ShipVersion("test", digest(k), 0)
	if got := bins(t, b.client, k); got != "gen 3 bins{v:int(2)}" {
		t.Errorf("the repeated version arrived as %s", got)
	}
	l.Cut()
	var keys []*as.Key
	for i := range 20 {
		keys = append(keys, fresh(t))
		put(t, a.client, keys[i], "v", i)
	}
	if l.ShipAll() != 0 || l.Pending() != 20 {
		t.Errorf("a cut link shipped; %d wait", l.Pending())
	}
	l.Mend()
	l.Shuffle(rand.New(rand.NewPCG(1, 2)))
	l.Ship(10)
	inOrder := true
	for i, k := range keys {
		inOrder = inOrder && (bins(t, b.client, k) != "code 2") == (i < 10)
	}
	if inOrder || l.Pending() != 10 {
		t.Errorf("shuffled records arrived in order, or %d wait instead of 10", l.Pending())
	}
	if n := l.Rewind(); n != 21 || l.Pending() != 21 {
		t.Errorf("Rewind has %d records and %d wait, want 21", n, l.Pending())
	}
	b.c.Set("test", "max-record-size", "50")
	l.ShipAll()
	if _, refused := l.Shipped(); refused == 0 {
		t.Error("records that are too big arrived")
	}
}

// TestLinkRuns: a link that runs by itself carries what clients write meanwhile.
func TestLinkRuns(t *testing.T) {
	t.Parallel()
	a, b := fake(t), fake(t)
	l := asdtest.NewLink(a.c, b.c, asdtest.LinkConfig{})
	l.Run()
	var keys []*as.Key
	for i := range 200 {
		keys = append(keys, key(t, fmt.Sprintf("%s-%d", t.Name(), i%50)))
		put(t, a.client, keys[i], "v", i)
	}
	deadline := time.Now().Add(20 * time.Second)
	for bins(t, b.client, keys[199]) == "code 2" || l.Pending() > 0 || !sameBins(t, a, b, keys) {
		if time.Now().After(deadline) {
			t.Fatal("the records do not arrive")
		}
	}
	l.Close()
	put(t, a.client, keys[0], "v", "after")
	if l.Pending() != 0 {
		t.Error("a closed link gathers records")
	}
}

func sameBins(t *testing.T, a, b *server, keys []*as.Key) bool {
	t.Helper()
	for _, k := range keys {
		x, err := a.client.Get(nil, k)
		ok(t, err)
		y, err := b.client.Get(nil, k)
		if err != nil || show(x.Bins) != show(y.Bins) {
			return false
		}
	}
	return true
}
