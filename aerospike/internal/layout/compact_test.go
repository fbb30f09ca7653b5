package layout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// A compaction that brings a state to where no record is makes one, as an append
// would, whoever else does.
func TestCompactMakesARecord(t *testing.T) {
	t.Parallel()
	x, y := frameOf(newActor(t, 1).add("x")), frameOf(newActor(t, 2).add("y"))
	for _, raced := range []bool{false, true} {
		c, want := newCluster(), [][]byte{x, unknownFrame("s")}
		if raced {
			want = append(want, y)
			c.before = func() { c.compact(t, c.writer(), stateOf(t, y)) }
		}
		c.compact(t, c.writer(), stateOf(t, x, unknownFrame("s")))
		for _, e := range c.v.queue {
			if e.Key != layout.KeyOf(e.Frame) {
				t.Errorf("raced: %t; frame %x stands under key %x", raced, e.Frame, e.Key)
			}
		}
		if got := c.v.record().Frames(); !stateOf(t, got...).ContainsState(stateOf(t, want...)) {
			t.Errorf("raced: %t; the record has %x, want %x", raced, got, want)
		}
	}
}

// A record that goes away between the read and the write of a compaction is no
// failure.
func TestCompactOfARecordThatGoes(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.put(t, layout.NewEntry(frameOf(a.add("x"))))
	c.before = func() { c.v = &version{} }
	if size := c.compact(t, c.writer(), nil); size != 0 || c.v.exists {
		t.Errorf("Compact = %d; there is a record: %t", size, c.v.exists)
	}
}

// stale is a cluster of which one copy is an old one.
type stale struct {
	*cluster
	old *version
}

// Read implements layout.Cluster.
func (s stale) Read(ctx context.Context, key string, newest bool) (*layout.Record, error) {
	if newest {
		return s.cluster.Read(ctx, key, newest)
	}
	return s.old.record(), nil
}

// A compaction that met another stamp reads the newest copy.
func TestCompactAfterAStaleRead(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.put(t, layout.NewEntry(frameOf(a.add("x"))))
	s := stale{c, c.v}
	c.compact(t, c.writer(), nil)
	c.put(t, layout.NewEntry(frameOf(a.add("y"))))
	w := c.writer()
	w.Cluster = s
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.timeout, c.cancel = time.Second, cancel
	if _, err := w.Compact(ctx, key, nil); err != nil || len(c.v.queue) > 0 {
		t.Errorf("Compact: %v; %d entries wait", err, len(c.v.queue))
	}
}

// A cluster that takes less than the Writer was told says so: then the queue is
// folded, and what does not fit even then is refused.
func TestClusterTakesLess(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	w := c.writer()
	pad := strings.Repeat("x", 1000)
	for range 4 {
		c.put(t, layout.NewEntry(frameOf(a.add(pad))))
	}
	c.limit = c.v.size() + 100
	e := layout.NewEntry(frameOf(a.add(pad)))
	if _, err := w.Append(t.Context(), key, []layout.Entry{e}, layout.Guard{}); err != nil {
		t.Errorf("Append of what fits when the queue is folded: %v", err)
	}
	if got := tagsField.In(c.account(t)).Len(); got != 1 || c.v.size() > 3000 {
		t.Errorf("the record has %d elements and %d bytes", got, c.v.size())
	}
	more := newActor(t, 2)
	large := stateOf(t, frameOf(more.add(strings.Repeat("y", 8000))))
	if _, err := w.Compact(t.Context(), key, large); !errors.Is(err, layout.ErrTooLarge) {
		t.Errorf("Compact of what does not fit: %v", err)
	}
	if got := tagsField.In(c.account(t)).Len(); got != 1 {
		t.Errorf("the record has %d elements", got)
	}
}
