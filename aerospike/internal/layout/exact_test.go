package layout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// An exact append whose first attempt is in doubt, and whose second finds that others
// have changed the record, goes on as any append: that the record refused it says
// nothing about its size.
func TestExactAppendGoesOnAfterDoubt(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.put(t, layout.NewEntry(frameOf(a.add("x"))))
	c.compact(t, c.writer(), nil)
	e := layout.NewEntry(frameOf(newActor(t, 2).add(strings.Repeat("y", 10))))
	w := c.writer()
	c.fates = []int{lost}
	g := layout.Guard{Exact: true, Stamp: c.v.stamp, Queued: 1, MaxSize: c.v.size() + w.QueueSize}
	if _, err := w.Append(t.Context(), key, []layout.Entry{e}, g); err != nil {
		t.Errorf("Append: %v", err)
	}
}

// An exact append to a record that would become too big leaves it to the caller to read
// the record again: to make room for it changes the record.
func TestExactAppendTooBig(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	c.put(t, layout.NewEntry(frameOf(a.add("x"))))
	rec := c.v.record()
	e := layout.NewEntry(frameOf(a.add("y")))
	w := c.writer()
	c.limit = c.v.size() + 10
	g := layout.Guard{Exact: true, Stamp: rec.Stamp, Queued: len(rec.Queue)}
	if _, err := w.Append(t.Context(), key, []layout.Entry{e}, g); !errors.Is(err, layout.ErrStale) {
		t.Errorf("Append = %v, want ErrStale", err)
	}
	if got := shown(c.account(t)); len(got) != 1 {
		t.Errorf("the record shows %v", got)
	}
}
