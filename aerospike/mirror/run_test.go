package mirror_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestRun lets a mirror run by itself, in real time, until it is stopped.
func TestRun(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, func(c *mirror.Config) {
			c.Period, c.AuditPeriod, c.Rate = 5*time.Millisecond, time.Second, 1000
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx) }()
		var objects []store.Objects[*crdt.AWSet[string]]
		for _, p := range ps {
			objects = append(objects, p.members(t, aerospike.Config{}))
		}
		for i, o := range objects {
			for k := range 5 {
				addTo(t, o, fmt.Sprint(i, k), "x")
			}
			for k := range 5 {
				astest.Until(t, "arrived", func() bool {
					s, _, err := objects[1-i].View(t.Context(), fmt.Sprint(i, k))
					return err == nil && s.Contains("x")
				})
			}
		}
		astest.Until(t, "audited", func() bool { return m.Stats().Audits[0].Passes >= 2 })
		if err := m.Run(ctx); err == nil {
			t.Error("Run runs twice")
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestRate copies no faster than it is told to.
func TestRate(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, func(c *mirror.Config) { c.Rate, c.Now = 100, nil })
		o := ps[0].members(t, aerospike.Config{})
		for i := range 31 {
			addTo(t, o, fmt.Sprint("k", i), "x")
		}
		began := time.Now()
		sync1(t, m)
		if d := time.Since(began); d < 300*time.Millisecond {
			t.Errorf("31 objects in %v, at 100 a second", d)
		}
	})
}

// TestClusterDown has one of three clusters that never answers. The others
// mirror each other.
func TestClusterDown(t *testing.T) {
	onPlaces(t, 3, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, func(c *mirror.Config) {
			c.Clusters[2].Client = nowhere{}
			c.Period, c.Now = 5*time.Millisecond, nil
		})
		addTo(t, ps[0].members(t, aerospike.Config{}), "k", "x")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx) }()
		o := ps[1].members(t, aerospike.Config{})
		astest.Until(t, "arrived", func() bool {
			s, _, err := o.View(t.Context(), "k")
			return err == nil && s.Contains("x")
		})
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// nowhere is a client that knows no node.
type nowhere struct{ aerospike.Client }

func (nowhere) GetNodes() []*as.Node { return nil }

// TestOverload has a target that is overloaded for a while. The mirror sends
// it less at a time, and drops nothing.
func TestOverload(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		m := mirrorOf(t, ps, nil)
		o := ps[0].members(t, aerospike.Config{})
		for i := range 60 {
			addTo(t, o, fmt.Sprint("k", i), "x")
		}
		var overloads, least atomic.Int64
		least.Store(1000)
		onWrite := func() as.Error {
			least.Store(min(least.Load(), int64(m.Stats().Clusters[1].Concurrency)))
			if overloads.Add(1) <= 20 {
				return &as.AerospikeError{ResultCode: types.DEVICE_OVERLOAD}
			}
			return nil
		}
		ps[1].path.onWrite.Store(&onWrite)
		sync1(t, m)
		for i := range 60 {
			ps[1].want(t, fmt.Sprint("k", i), "x")
		}
		if n := least.Load(); n > 4 {
			t.Errorf("never less than %d writes at a time", n)
		}
		if now := m.Stats().Clusters[1].Concurrency; int64(now) <= least.Load() {
			t.Errorf("still %d writes at a time, with all well", now)
		}
	})
}

// TestUnsettled has a source that moves data. What is seen is copied, but the
// cursor does not move until all is calm, and begins anew then.
func TestUnsettled(t *testing.T) {
	t.Log("on asdtest only: real servers do not migrate")
	ps := fakePlaces(t, 2)
	o := ps[0].members(t, aerospike.Config{})
	m := mirrorOf(t, ps, nil)
	addTo(t, o, "k", "before")
	passTime(ps, time.Hour)
	sync1(t, m)
	ps[0].fake.SetStatistic("migrate_partitions_remaining", "7")
	for range 3 {
		passTime(ps, time.Hour)
		addTo(t, o, "k", fmt.Sprint(ps[0].time.now().Unix()))
		sync1(t, m)
		ps[1].want(t, "k", ps[0].has(t, "k")...)
	}
	d := m.Stats().Directions[0]
	if d.Behind != 3*time.Hour {
		t.Errorf("behind by %v while the source moves data, want 3h", d.Behind)
	}
	ps[0].fake.SetStatistic("migrate_partitions_remaining", "0")
	passTime(ps, time.Hour)
	sync1(t, m)
	after := m.Stats()
	if d := after.Directions[0]; d.Behind != 0 {
		t.Errorf("behind by %v with all calm", d.Behind)
	}
	for i, d := range after.Directions {
		if d.Examined == 0 {
			t.Errorf("direction %d did not begin anew", i)
		}
	}
	if !after.Clusters[0].Settled || after.Clusters[0].Epoch == after.Clusters[1].Epoch {
		t.Errorf("clusters are %+v", after.Clusters)
	}
}

// TestConfig makes mirrors that cannot be.
func TestConfig(t *testing.T) {
	p := &path{}
	type (
		config   = mirror.Config
		clusters = []mirror.Cluster
	)
	three, set := clusters{{"a", p, "test"}, {"b", p, "test"}, {"c", p, "test"}}, []string{"s"}
	link := func(names ...string) (ls []mirror.Link) {
		for i := 0; i < len(names); i += 2 {
			ls = append(ls, mirror.Link{A: names[i], B: names[i+1]})
		}
		return ls
	}
	for _, x := range []struct {
		name, want string
		cfg        config
	}{
		{"alone", "at least two", config{Clusters: three[:1], Sets: set}},
		{"nameless", "no name", config{Clusters: clusters{{"", p, "n"}, {"b", p, "n"}}, Sets: set}},
		{"one name", "no name", config{Clusters: clusters{{"b", p, "n"}, {"b", p, "n"}}, Sets: set}},
		{"no client", "client", config{Clusters: clusters{{"a", nil, "n"}, {"b", p, "n"}}, Sets: set}},
		{"no namespace", "namespace", config{Clusters: clusters{{"a", p, ""}, {"b", p, "n"}}, Sets: set}},
		{"no set", "set", config{Clusters: three}},
		{"set twice", "set", config{Clusters: three, Sets: []string{"s", "s"}}},
		{"link to nobody", "link", config{Clusters: three, Sets: set, Links: link("a", "d")}},
		{"link twice", "link", config{Clusters: three, Sets: set, Links: link("a", "b", "b", "a", "b", "c")}},
		{"apart", "only", config{Clusters: three, Sets: set, Links: link("a", "b")}},
		{"partitions", "Partitions", config{Clusters: three, Sets: set, Partitions: 4097}},
		{"period", "Period", config{Clusters: three, Sets: set, Period: -1}},
		{"rate", "Rate", config{Clusters: three, Sets: set, Rate: -1}},
		{"checkpoint", "Checkpoint", config{Clusters: three, Sets: set, Checkpoint: []byte("{")}},
		{"newer checkpoint", "version", config{Clusters: three, Sets: set, Checkpoint: []byte(`{"Version":2}`)}},
	} {
		if _, err := mirror.New(x.cfg); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want something of %q", x.name, err, x.want)
		}
	}
	if _, err := mirror.New(config{Clusters: three, Sets: set}); err != nil {
		t.Errorf("the least that is needed: %v", err)
	}
}
