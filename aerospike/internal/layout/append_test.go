package layout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// recorder remembers the last compaction.
type recorder struct {
	*cluster
	sent **layout.Compaction
}

// Compact implements layout.Cluster.
func (r recorder) Compact(ctx context.Context, key string, c *layout.Compaction) error {
	*r.sent = c
	return r.cluster.Compact(ctx, key, c)
}

// What Append says of attempts that end in different ways: a doubt about one is a
// doubt about all.
func TestAppendOutcomes(t *testing.T) {
	t.Parallel()
	const broken = -1 // a permanent error, without doubt
	for _, tt := range []struct {
		name    string
		fates   []int
		exact   bool  // the record is not as it was read
		ends    bool  // the context does, after so many attempts
		want    error // nil: done
		applied bool
	}{
		{"done", nil, false, false, nil, true},
		{"busy, then done", []int{busy, busy}, false, false, nil, true},
		{"in doubt, then done", []int{lost}, false, false, nil, true},
		{"applied in doubt, then done", []int{unanswered}, false, false, nil, true},
		{"busy to the end", []int{busy, busy}, false, true, layout.ErrContention, false},
		{"in doubt to the end", []int{lost}, false, true, layout.ErrInDoubt, false},
		{"in doubt, then busy to the end", []int{lost, busy}, false, true, layout.ErrInDoubt, false},
		{"applied in doubt, then busy to the end", []int{unanswered, busy, busy}, false, true, layout.ErrInDoubt, true},
		{"busy, in doubt, busy to the end", []int{busy, lost, busy}, false, true, layout.ErrInDoubt, false},
		{"broken", []int{broken}, false, false, errBroken, false},
		{"in doubt, then broken", []int{lost, broken}, false, false, layout.ErrInDoubt, false},
		{"busy, then broken", []int{busy, broken}, false, false, errBroken, false},
		{"stale", nil, true, false, layout.ErrStale, false},
		{"busy, then stale", []int{busy}, true, false, layout.ErrStale, false},
		{"in doubt, then stale, is written all the same", []int{lost}, true, false, nil, true},
		{"applied in doubt, then stale", []int{unanswered}, true, false, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster()
			a := newActor(t, 1)
			c.put(t, layout.NewEntry(frameOf(a.add("x"))))
			e := layout.NewEntry(frameOf(a.add("y")))
			s := &scripted{cluster: c, broken: broken}
			c.fates = tt.fates
			w := c.writer()
			w.Cluster = s
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if s.cancel = cancel; tt.ends {
				s.most = len(tt.fates)
			}
			g := layout.Guard{Exact: tt.exact, Queued: 7}
			if !tt.exact {
				g = layout.Guard{}
			}
			queued, err := w.Append(ctx, key, []layout.Entry{e}, g)
			if !errors.Is(err, tt.want) || err == nil && queued != len(c.v.queue) {
				t.Errorf("Append = %d, %v, want %v", queued, err, tt.want)
			}
			for _, other := range []error{layout.ErrInDoubt, layout.ErrContention, layout.ErrStale, layout.ErrTooLarge} {
				if errors.Is(err, other) && !errors.Is(tt.want, other) {
					t.Errorf("Append: %v also matches %q", err, other)
				}
			}
			if got := shown(c.account(t)); (got["tags/y"] != "") != tt.applied || got["tags/x"] == "" {
				t.Errorf("the record shows %v", got)
			}
		})
	}
}

var errBroken = errors.New("broken")

// scripted is a cluster that breaks where its script says so, and after most
// attempts at a write ends the caller's time.
type scripted struct {
	*cluster
	broken, most int
	cancel       context.CancelFunc
}

// Append implements layout.Cluster.
func (s *scripted) Append(ctx context.Context, key string, entries []layout.Entry, g layout.Guard) (int, error) {
	if len(s.fates) > 0 && s.fates[0] == s.broken {
		s.fates = s.fates[1:]
		return 0, &layout.Error{Class: layout.Permanent, Err: errBroken}
	}
	n, err := s.cluster.Append(ctx, key, entries, g)
	if s.writes == s.most {
		s.cancel()
	}
	return n, err
}

// Waits between attempts grow, to a bound.
func TestWaitsGrow(t *testing.T) {
	t.Parallel()
	c := newCluster()
	w := c.writer()
	var waits []time.Duration
	w.Pause = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	for range 12 {
		c.fates = append(c.fates, busy)
	}
	if _, err := w.Append(t.Context(), key, []layout.Entry{layout.NewEntry([]byte("x"))}, layout.Guard{}); err != nil {
		t.Fatal(err)
	}
	if len(waits) != 12 {
		t.Fatalf("waited %d times, want 12", len(waits))
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] != min(2*waits[i-1], 50*time.Millisecond) {
			t.Errorf("waits are %v", waits)
			break
		}
	}
}

// folding is a cluster in which others fill the record before an append comes, and fold
// it again as soon as that is refused, as often as it is told.
type folding struct {
	*cluster
	t     *testing.T
	other *actor
	times int
}

// Append implements layout.Cluster.
func (f *folding) Append(ctx context.Context, k string, entries []layout.Entry, g layout.Guard) (int, error) {
	if f.times == 0 {
		return f.cluster.Append(ctx, k, entries, g)
	}
	f.times--
	for f.v.size() < g.MaxSize {
		f.put(f.t, layout.NewEntry(frameOf(f.other.add("x"))))
	}
	n, err := f.cluster.Append(ctx, k, entries, g)
	f.compact(f.t, f.writer(), nil) //nolint:contextcheck // it is somebody else's
	return n, err
}

// That there is nothing to fold in a record which refused an append does not say that
// the append is too large: somebody else may have folded it meanwhile, to the same size
// as before.
func TestAppendToWhatOthersFold(t *testing.T) {
	t.Parallel()
	c := newCluster()
	f := &folding{cluster: c, t: t, other: newActor(t, 1), times: 5}
	c.put(t, layout.NewEntry(frameOf(f.other.add("x"))))
	c.compact(t, c.writer(), nil)
	w := c.writer()
	w.Cluster, w.QueueSize = f, 500
	e := layout.NewEntry(frameOf(newActor(t, 2).add("y")))
	if _, err := w.Append(t.Context(), key, []layout.Entry{e}, layout.Guard{}); err != nil || f.times > 0 {
		t.Errorf("Append to a record of %d bytes: %v; %d refusals did not happen", c.v.size(), err, f.times)
	}
	if got := shown(c.account(t)); len(got) != 2 {
		t.Errorf("the record shows %v", got)
	}
}
