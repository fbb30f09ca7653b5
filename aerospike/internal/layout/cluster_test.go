package layout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// cluster is one record that does what a script says: for tests of one thing.
type cluster struct {
	v       *version
	limit   int
	fates   []int  // of the writes that come, in order; what comes then is done
	before  func() // is called once, before the next write reaches the record
	writes  int
	reads   int
	tooBig  int // writes that met the limit
	stamps  uint64
	waited  time.Duration
	timeout time.Duration // how long Writers wait in all until their context ends
	cancel  context.CancelFunc
}

func newCluster() *cluster { return &cluster{v: &version{}, limit: 1 << 20, timeout: time.Minute} }

func (c *cluster) writer() *layout.Writer {
	return &layout.Writer{
		Cluster: c, QueueSize: 1 << 20, RecordSize: c.limit,
		Draw: func() uint64 { c.stamps++; return c.stamps },
		Pause: func(ctx context.Context, d time.Duration) error {
			if c.waited += d; c.waited > c.timeout && c.cancel != nil {
				c.cancel()
			}
			return ctx.Err()
		},
	}
}

// Read implements layout.Cluster.
func (c *cluster) Read(context.Context, string, bool) (*layout.Record, error) {
	c.reads++
	return c.v.record(), nil
}

// Append implements layout.Cluster.
func (c *cluster) Append(_ context.Context, _ string, entries []layout.Entry, g layout.Guard) (int, error) {
	a := c.write(&write{entries: entries, guard: g})
	return a.queued, a.err
}

// Compact implements layout.Cluster.
func (c *cluster) Compact(_ context.Context, _ string, change *layout.Compaction) error {
	return c.write(&write{change: change}).err
}

func (c *cluster) write(w *write) answer {
	c.writes++
	if f := c.before; f != nil {
		c.before = nil
		f()
	}
	fate := done
	if len(c.fates) > 0 {
		fate, c.fates = c.fates[0], c.fates[1:]
	}
	switch fate {
	case busy:
		return answer{err: refusal(layout.Busy)}
	case lost:
		return answer{err: inDoubt(layout.Busy)}
	}
	var a answer
	c.v, a = c.v.do(w, c.limit, noBug)
	if e, ok := errors.AsType[*layout.Error](a.err); ok && e.Class == layout.TooBig {
		c.tooBig++
	}
	if fate == unanswered {
		return answer{err: inDoubt(layout.Busy)}
	}
	return a
}

// put appends entries, whatever stands in the way of it.
func (c *cluster) put(t testing.TB, entries ...layout.Entry) {
	t.Helper()
	v, a := c.v.do(&write{entries: entries, guard: layout.Guard{MaxSize: 1 << 30}}, 1<<30, noBug)
	if a.err != nil {
		t.Fatal(a.err)
	}
	c.v = v
}

func (c *cluster) compact(t testing.TB, w *layout.Writer, also *layout.State) (size int) {
	t.Helper()
	size, err := w.Compact(t.Context(), key, also)
	if err != nil {
		t.Fatalf("Compact: %v", err)
	}
	return size
}

// account returns what the record comes to.
func (c *cluster) account(t testing.TB) *crdt.Doc {
	t.Helper()
	d := accountKind.New()
	for _, f := range c.v.record().Frames() {
		o, err := crdt.DecodeFrame(accountKind, f)
		if err != nil {
			t.Fatal(err)
		}
		d.Merge(o)
	}
	return d
}
