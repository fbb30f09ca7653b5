package aerospike_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// datacenter is a cluster with an engine that writes there.
type datacenter struct {
	id       string
	server   *asdtest.Cluster
	client   *as.Client
	engine   *aerospike.Engine
	counters store.Objects[*crdt.Counter]
	members  store.Objects[*crdt.AWSet[string]]
}

// region starts datacenters whose clusters ship everything to each other when a
// test moves the links.
func region(t *testing.T, cfg asdtest.LinkConfig, ids ...string) (dcs []*datacenter, links []*asdtest.Link) {
	t.Helper()
	for _, id := range ids {
		d := &datacenter{id: id, server: asdtest.Start(t)}
		d.client = connect(t, d.server.Addr())
		d.open(t, ids)
		dcs = append(dcs, d)
	}
	for _, a := range dcs {
		for _, b := range dcs {
			if a != b {
				links = append(links, asdtest.NewLink(a.server, b.server, cfg))
			}
		}
	}
	return dcs, links
}

// open opens the engine of a new process.
func (d *datacenter) open(t *testing.T, ids []string) {
	t.Helper()
	d.engine = open(t, d.client, aerospike.Config{Set: "s", DC: d.id, DCs: ids, QueueLength: 8, Watch: -1})
	d.counters = store.NewObjects(d.engine, "c/", crdt.CounterKind())
	d.members = store.NewObjects(d.engine, "s/", crdt.AWSetKind(crdt.String))
}

// settle ships everything, and has every datacenter look at what came, until
// nothing moves.
func settle(t *testing.T, dcs []*datacenter, links []*asdtest.Link) {
	t.Helper()
	for range 4 {
		for _, l := range links {
			l.Mend()
			l.Rewind()
			l.ShipAll()
		}
		for _, d := range dcs {
			if _, err := d.engine.Remerge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestXDRAnySetting writes in three datacenters while XDR copies records whole or
// by changed bins, late, out of order, again, and in versions that are behind. When
// everything has been shipped, each shows every acknowledged update.
func TestXDRAnySetting(t *testing.T) {
	for _, changed := range []bool{false, true} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("only-changed=%v,seed=%d", changed, seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				ids := []string{"east", "west", "eu"}
				dcs, links := region(t, asdtest.LinkConfig{OnlyChanged: changed}, ids...)
				sum, want := int64(0), make(map[string]bool)
				for i := range 150 {
					d := dcs[r.IntN(len(dcs))]
					if _, err := d.counters.Update(t.Context(), "k", add(1)); err != nil {
						t.Fatal(err)
					}
					sum++
					e := fmt.Sprint(d.id, i)
					_, err := d.members.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
						for old := range s.All() { // ends one that it sees
							s.Remove(tx, old)
							delete(want, old)
							break
						}
						s.Add(tx, e)
						want[e] = true
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					for range r.IntN(3) {
						misship(r, dcs, links)
					}
				}
				settle(t, dcs, links)
				for _, d := range dcs {
					v, _, err := d.counters.View(t.Context(), "k")
					if err != nil || v.Value() != sum {
						t.Errorf("%s: %v, %v, want %d", d.id, v, err, sum)
					}
					s, _, err := d.members.View(t.Context(), "k")
					if err != nil {
						t.Fatal(err)
					}
					for e := range want {
						if !s.Contains(e) {
							t.Errorf("%s: %q was added and never removed, and is not there", d.id, e)
						}
					}
					if s.Len() != len(want) {
						t.Errorf("%s: %d elements, want %d", d.id, s.Len(), len(want))
					}
				}
			})
		}
	}
}

// misship moves one link in some way.
func misship(r *rand.Rand, dcs []*datacenter, links []*asdtest.Link) {
	l := links[r.IntN(len(links))]
	switch r.IntN(8) {
	case 0:
		l.Cut()
	case 1:
		l.Mend()
	case 2:
		l.Shuffle(r)
	case 3:
		l.Rewind()
	case 4:
		from := dcs[r.IntN(len(dcs))]
		for _, prefix := range []string{"c/k", "s/k"} {
			k, err := as.NewKey(namespace, "s."+from.id, prefix)
			if err == nil {
				l.ShipVersion(namespace, asdtest.Digest(k.Digest()), r.IntN(4))
			}
		}
	default:
		l.Ship(1 + r.IntN(3))
	}
}

// TestXDRLoop brings an old version of a datacenter's own records back to it, from
// a copy elsewhere. The next reader mends it, from memory; or from the journal, if
// nobody reads.
func TestXDRLoop(t *testing.T) {
	for _, byRead := range []bool{false, true} {
		ids := []string{"east", "west"}
		dcs, links := region(t, asdtest.LinkConfig{Forward: true}, ids...)
		east := dcs[0]
		k, err := as.NewKey(namespace, "s.east", "c/k")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			if _, err := east.counters.Update(t.Context(), "k", add(1)); err != nil {
				t.Fatal(err)
			}
			if i == 2 {
				links[0].ShipAll()
			}
		}
		if !links[1].ShipVersion(namespace, asdtest.Digest(k.Digest()), 0) {
			t.Fatal("nothing was shipped back")
		}
		if byRead {
			if v, _, err := east.counters.View(t.Context(), "k"); err != nil || v.Value() != 6 {
				t.Errorf("read after the loop: %v, %v", v, err)
			}
		} else if n, err := east.engine.Remerge(t.Context()); err != nil || n == 0 {
			t.Errorf("Remerge = %d, %v", n, err)
		}
		east.open(t, ids) // a process that remembers nothing
		until(t, func() bool {
			v, _, err := east.counters.View(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			return v.Value() == 6
		})
	}
}

// TestSameDcID configures two clusters with the id of one datacenter. As soon as
// XDR brings one the other's records, nothing opens and nothing is written.
func TestSameDcID(t *testing.T) {
	ids := []string{"east", "west"}
	dcs, links := region(t, asdtest.LinkConfig{}, "east", "west")
	impostor := &datacenter{id: "east", server: asdtest.Start(t)}
	impostor.client = connect(t, impostor.server.Addr())
	impostor.open(t, ids) // it cannot know yet
	if _, err := impostor.counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := dcs[0].counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	asdtest.NewLink(dcs[0].server, impostor.server, asdtest.LinkConfig{}).Rewind()
	links = append(links, asdtest.NewLink(dcs[0].server, impostor.server, asdtest.LinkConfig{}))
	for _, l := range links {
		l.Rewind()
		l.ShipAll()
	}
	_, err := impostor.counters.Update(t.Context(), "k", add(1))
	if !errors.Is(err, aerospike.ErrSameDC) {
		t.Errorf("Update over a stranger's record: %v", err)
	}
	if _, _, err := impostor.counters.View(t.Context(), "k"); !errors.Is(err, aerospike.ErrSameDC) {
		t.Errorf("View of a stranger's record: %v", err)
	}
	_, err = aerospike.Open(t.Context(), impostor.client, aerospike.Config{Namespace: namespace, Set: "s", DC: "east", DCs: ids})
	if !errors.Is(err, aerospike.ErrSameDC) {
		t.Errorf("Open beside a stranger's identity: %v", err)
	}
	if v, _, err := dcs[0].counters.View(t.Context(), "k"); err != nil || v.Value() != 1 {
		t.Errorf("the rightful owner: %v, %v", v, err)
	}
	if keys := slices.Collect(func(yield func(string) bool) {
		for k, err := range dcs[0].counters.Keys(t.Context()) {
			if err != nil || !yield(k) {
				return
			}
		}
	}); !slices.Equal(keys, []string{"k"}) {
		t.Errorf("keys %q", keys)
	}
}
