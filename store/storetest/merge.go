package storetest

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

func checkAbsent(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	merge(t.Context(), t, e) // of nothing
	merge(t.Context(), t, e, store.Delta{Key: "cart/1", Frame: addition(1, "a")})
	for _, key := range []string{"cart", "cart/", "cart/10", "cart/2", "CART/1"} {
		if rec, err := e.Load(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load(%q) of an engine that holds cart/1 = %d frames, %v; want ErrNotFound", key, len(rec.Frames), err)
		}
	}
}

// checkJoin merges random deltas in random order and groups, some again, into two
// engines, which must both come to hold the join of all of them.
func checkJoin(t tb, open func() store.Engine) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		deltas := drawDeltas(rt)
		want := make(model)
		want.merge(deltas...)
		for range 2 {
			e := open()
			queue := rapid.Permutation(deltas).Draw(rt, "order")
			queue = append(queue, rapid.SliceOfN(rapid.SampledFrom(deltas), 0, 4).Draw(rt, "again")...)
			for len(queue) > 0 {
				n := rapid.IntRange(1, min(4, len(queue))).Draw(rt, "group")
				merge(ctx, rt, e, queue[:n]...)
				queue = queue[n:]
			}
			want.whole(ctx, rt, e)
			closing(rt, e)
		}
	})
}

// drawDeltas returns deltas of several kinds to a few objects: at least one.
func drawDeltas(t *rapid.T) []store.Delta {
	objects := map[string][]stream{"a": streamsOf(), "a/1": streamsOf(), "\x00\xff": streamsOf()}
	deltas := []store.Delta{{Key: "a", Frame: addition(7, "first")}}
	for range rapid.IntRange(0, 12).Draw(t, "deltas") {
		key := rapid.SampledFrom([]string{"a", "a/1", "\x00\xff"}).Draw(t, "key")
		if f := rapid.SampledFrom(objects[key]).Draw(t, "stream").next(t); f != nil {
			deltas = append(deltas, store.Delta{Key: key, Frame: f})
		}
	}
	return deltas
}

// checkAgain merges a delta many times, alone and in one call.
func checkAgain(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	m := make(model)
	for _, frame := range [][]byte{addition(1, "a", "b"), amount(1, 5), amount(2, -3)} {
		d := store.Delta{Key: "k", Frame: frame}
		m.merge(d)
		merge(t.Context(), t, e, d)
		merge(t.Context(), t, e, d, d)
		m.whole(t.Context(), t, e)
	}
}

// checkClash merges two kinds under one key: both stand.
func checkClash(t tb, open func() store.Engine) {
	for _, frames := range [][][]byte{
		{addition(1, "a"), amount(1, 5), addition(2, "b"), amount(2, 7)},
		{amount(1, 5), addition(1, "a"), amount(2, 7), addition(2, "b")},
	} {
		e := open()
		m := make(model)
		for _, f := range frames {
			d := store.Delta{Key: "k", Frame: f}
			m.merge(d)
			merge(t.Context(), t, e, d)
			m.whole(t.Context(), t, e)
		}
		closing(t, e)
	}
}

// maximum is a lattice that no engine knows: the largest number.
type maximum struct{ n byte }

func (m *maximum) Merge(o *maximum) bool {
	changed := o.n > m.n
	m.n = max(m.n, o.n)
	return changed
}
func (m *maximum) Equal(o *maximum) bool { return m.n == o.n }
func (m *maximum) Clone() *maximum       { return &maximum{m.n} }
func (m *maximum) IsBottom() bool        { return m.n == 0 }

var maximumKind = crdt.Kind[*maximum]{
	Name: "storetest.maximum", Version: 1,
	New:    func() *maximum { return &maximum{} },
	Append: func(b []byte, m *maximum) ([]byte, error) { return append(b, m.n), nil },
	Decode: func(b []byte) (*maximum, error) {
		if len(b) != 1 {
			return nil, crdt.ErrCorrupt
		}
		return &maximum{b[0]}, nil
	},
}

// strangers are frames that no engine can join.
func strangers() map[string][]byte {
	newer := addition(1, "a")
	newer[1] = untyped.FrameVersion + 1
	kind := crdt.PNCounterKind()
	kind.Version++
	damaged := addition(1, "a")
	damaged[len(damaged)-1] ^= 1
	c := crdt.PNCounterKind().New()
	if _, err := crdt.Mutate(c, crdt.NewWriter(clock.ReplicaID(9), noon), func(tx *crdt.Tx, c *crdt.PNCounter) error {
		c.Add(tx, 1)
		return nil
	}); err != nil {
		panic("storetest: " + err.Error())
	}
	return map[string][]byte{
		"of a newer format":  newer,
		"of a newer kind":    encode(kind, c),
		"of an unknown kind": encode(maximumKind, &maximum{3}),
		"that is damaged":    damaged,
		"that is no frame":   []byte("once"),
	}
}

// checkKept merges frames that cannot be joined: they are kept and returned, each
// once, beside what can be, whichever comes first.
func checkKept(t tb, open func() store.Engine) {
	ctx := t.Context()
	var all []store.Delta
	for name, f := range strangers() {
		d := store.Delta{Key: "k", Frame: f}
		all = append(all, d)
		for _, deltas := range [][]store.Delta{
			{d},
			{d, d},
			{{Key: "k", Frame: addition(1, "x")}, d, {Key: "k", Frame: addition(2, "y")}, d},
			{d, {Key: "k", Frame: addition(1, "x")}, d},
		} {
			e := open()
			m := make(model)
			for _, d := range deltas {
				m.merge(d)
				merge(ctx, t, e, d)
			}
			t.Logf("frame %s, %d deltas", name, len(deltas))
			m.whole(ctx, t, e)
			closing(t, e)
		}
	}
	e := open()
	defer closing(t, e)
	m := make(model)
	m.merge(all...)
	merge(ctx, t, e, slices.Concat(all, all)...)
	m.whole(ctx, t, e)
}
