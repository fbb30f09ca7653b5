package mirror_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// unreadable lets scans of some partitions fail, until they are well again.
func (p *place) unreadable(partitions ...int) (well func()) {
	return p.fake.Inject(asdtest.Fault{
		Match: func(op *asdtest.Op) bool { return op.Kind == asdtest.Scan && slices.Contains(partitions, op.Partition) },
		Code:  asdtest.Unavailable,
	}).Remove
}

// partition returns the partition of a key.
func (p *place) partition(t *testing.T, key string) int {
	t.Helper()
	return int(binary.LittleEndian.Uint16(p.key(t, key).Digest())) % 4096
}

// TestAuditUnreadablePartition has one partition of one cluster that cannot be scanned. The
// audit makes everything else equal, and says what it could not compare.
func TestAuditUnreadablePartition(t *testing.T) {
	t.Log("on asdtest only: one of its partitions cannot be scanned")
	ps := fakePlaces(t, 2)
	o := ps[0].members(t, aerospike.Config{})
	for i := range 40 {
		addTo(t, o, fmt.Sprint("k", i), "x")
	}
	m := mirrorOf(t, ps, nil)
	bad := ps[0].partition(t, "k7")
	well := ps[1].unreadable(bad)
	compared, err := m.Audit(t.Context())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("partition %d of set", bad)) || strings.Count(err.Error(), "partition ") != 1 {
		t.Errorf("Audit: %v, want that partition %d was not read", err, bad)
	}
	if c := compared[0]; c.A != "a" || c.B != "b" || c.Partitions != 4095 || c.Of != 4096 || c.Objects != 39 || c.Differed != 39 || c.Failed != 0 {
		t.Errorf("compared %+v, want 4,095 partitions with 39 objects that differ", c)
	}
	for i := range 40 {
		if key := fmt.Sprint("k", i); ps[0].partition(t, key) != bad {
			ps[1].want(t, key, "x")
		}
	}
	if s := m.Stats().Audits[0]; s.Passes != 0 || s.Missed != 1 {
		t.Errorf("%d passes, the last of which missed %d partitions: want none, and 1", s.Passes, s.Missed)
	}
	well()
	if c := audit1(t, m)[0]; c.Objects != 40 || c.Differed != 1 {
		t.Errorf("compared %+v, want 40 objects, one of which differs", c)
	}
	ps[1].want(t, "k7", "x")
	if s := m.Stats().Audits[0]; s.Passes != 1 || s.Missed != 0 {
		t.Errorf("%d passes, the last of which missed %d partitions: want 1, and none", s.Passes, s.Missed)
	}
}

// TestAuditUnreadableCluster has a cluster none of whose partitions can be scanned, and
// whose nodes answer. Each group of partitions is tried, and named.
func TestAuditUnreadableCluster(t *testing.T) {
	t.Log("on asdtest only: its partitions cannot be scanned")
	ps := fakePlaces(t, 2)
	m := mirrorOf(t, ps, func(c *mirror.Config) { c.Partitions = 1024 })
	ps[1].fake.Inject(asdtest.Fault{
		Match: func(op *asdtest.Op) bool { return op.Kind == asdtest.Scan },
		Code:  asdtest.Unavailable,
	})
	compared, err := m.Audit(t.Context())
	for first := 0; first < 4096; first += 1024 {
		if want := fmt.Sprintf("partitions %d to %d of set", first, first+1023); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Audit: %v, want that it says %s", err, want)
		}
	}
	if compared[0].Partitions != 0 {
		t.Errorf("compared %+v, want nothing", compared[0])
	}
}

// TestRunUnreadablePartition lets a mirror run beside a partition that cannot be scanned:
// its audit goes on to the others, where it finds what the scans for changes do not.
func TestRunUnreadablePartition(t *testing.T) {
	t.Log("on asdtest only: one of its partitions cannot be scanned")
	ps := fakePlaces(t, 2)
	o := ps[0].members(t, aerospike.Config{})
	m := mirrorOf(t, ps, func(c *mirror.Config) {
		c.Period, c.AuditPeriod, c.Margin = time.Hour, time.Second, time.Millisecond
	})
	sync1(t, m)
	addTo(t, o, "k", "x")
	passTime(ps, time.Hour) // no scan looks back so far
	bad := (ps[0].partition(t, "k") + 2048) % 4096
	ps[1].unreadable(bad)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	reader := ps[1].members(t, aerospike.Config{CacheObjects: -1})
	astest.Until(t, "arrived", func() bool {
		s, _, err := reader.View(t.Context(), "k")
		return err == nil && s.Contains("x")
	})
	astest.Until(t, "passed without a partition", func() bool { return m.Stats().Audits[0].Missed == 1 })
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if n := m.Stats().Audits[0].Passes; n != 0 {
		t.Errorf("%d passes counted, none of which compared everything", n)
	}
}
