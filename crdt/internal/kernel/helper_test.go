package kernel_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// site is one replica of one object, the only one that it writes.
type site struct {
	t     testing.TB
	s     *kernel.State
	id    clock.ReplicaID
	seq   uint64 // last event issued
	doubt uint64
}

func newSite(t testing.TB, id clock.ReplicaID) *site {
	t.Helper()
	return &site{t: t, s: kernel.New(), id: id}
}

// do commits what f does and returns the delta, having checked both states.
func (w *site) do(f func(*kernel.Tx)) *kernel.State {
	w.t.Helper()
	tx := w.s.Begin(w.id, w.doubt)
	f(tx)
	n := tx.Events()
	if n == 0 {
		tx.Rollback()
		return kernel.New()
	}
	d, err := tx.Commit(w.seq+1, w.seq)
	if err != nil {
		w.t.Fatalf("Commit: %v", err)
	}
	w.seq += uint64(n)
	w.valid(w.s)
	w.valid(d)
	return d
}

func (w *site) inc(n uint64) *kernel.State {
	w.t.Helper()
	return w.do(func(tx *kernel.Tx) { tx.Inc(at("c"), n) })
}

func (w *site) reset() *kernel.State {
	w.t.Helper()
	return w.do(func(tx *kernel.Tx) { tx.Kill(at("c")) })
}

func (w *site) see(deltas ...*kernel.State) *site {
	w.t.Helper()
	for _, d := range deltas {
		w.s.Merge(d)
		w.valid(w.s)
	}
	return w
}

func (w *site) valid(s *kernel.State) {
	w.t.Helper()
	if err := kernel.Check(s); err != nil {
		w.t.Fatalf("state of %v: %v", w.id, err)
	}
}

// shows fails unless the counter reads want over so many live totals and bases.
func (w *site) shows(when string, want uint64, live, bases int) {
	w.t.Helper()
	n := w.s.At(at("c"))
	if n.Sum() != want || n.Below() != live || n.Bases() != bases {
		w.t.Errorf("%s: counter is %d of %d totals and %d bases, want %d of %d and %d", when, n.Sum(), n.Below(), n.Bases(), want, live, bases)
	}
}

func (w *site) dot(seq uint64) clock.Dot { return clock.Dot{Replica: w.id, Seq: seq} }

func at(path ...string) []string { return path }

func encode(s *kernel.State) []byte {
	ctx, _ := s.Context().AppendBinary(nil)
	return s.AppendBody(wire.AppendBytes(nil, ctx))
}

func decode(b []byte) (*kernel.State, error) {
	r := wire.NewReader(b)
	c := wire.NewReader(r.Bytes())
	s := kernel.Read(c, r)
	if err := c.Done(); err != nil {
		return nil, err
	}
	return s, r.Done()
}

func same(a, b *kernel.State) bool { return a.Equal(b) && bytes.Equal(encode(a), encode(b)) }

// orders calls f with every order of three things.
func orders(f func([]int)) {
	const n = 3
	var place func(order []int, used int)
	place = func(order []int, used int) {
		if len(order) == n {
			f(order)
			return
		}
		for i := range n {
			if used>>i&1 == 0 {
				place(append(slices.Clip(order), i), used|1<<i)
			}
		}
	}
	place(nil, 0)
}
