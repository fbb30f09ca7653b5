package crdt_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Each of these tests fails with a change of one line of the kernel that no other
// test notices, or one only by chance.

// Content of up to seven bytes, and of eight, is kept in one word each: an element
// of two bytes and one of eight have the same word and are not the same.
func TestElementsOfOneWord(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 1000} { // what was decoded has tables if it is large
		for n := range 8 {
			short := "abcdefg"[:n]
			wide := short + string(make([]byte, 7-n)) + string(rune(n))
			s, w := cartKind.New(), writer(1)
			do(t, s, w, func(tx *crdt.Tx, s *cart) {
				for i := range others {
					s.Add(tx, fmt.Sprintf("other %d", i))
				}
			})
			for _, pair := range [][2]string{{short, wide}, {wide, short}} {
				do(t, s, w, cartAdd(pair[0]))
				s, _ = crdt.DecodeFrame(cartKind, frame(t, cartKind, s))
				do(t, s, w, cartAdd(pair[1]))
				if s.Len() != others+2 {
					t.Fatalf("%q and %q beside %d others are %d elements", pair[0], pair[1], others, s.Len())
				}
				s, _ = crdt.DecodeFrame(cartKind, frame(t, cartKind, s))
				if do(t, s, w, cartRemove(pair[0])); s.Contains(pair[0]) || !s.Contains(pair[1]) {
					t.Fatalf("after the removal of %q it is there: %t; %q is: %t", pair[0], s.Contains(pair[0]), pair[1], s.Contains(pair[1]))
				}
				do(t, s, w, cartRemove(pair[1]))
			}
		}
	}
}

// numbered is the delta of adding e as that event of replica 1.
func numbered(t *testing.T, e string, seq uint64) *cart {
	t.Helper()
	return do(t, cartKind.New(), &liar{id: 1, ev: event(1, seq, seq-1)}, cartAdd(e))
}

// Numbers that are more than 2^32 apart share no page, in whatever order they come
// and whatever has gone: here the page of the first two begins behind a number
// that comes late.
func TestNumbersFarApart(t *testing.T) {
	t.Parallel()
	s := cartKind.New()
	do(t, s, writer(2), func(tx *crdt.Tx, s *cart) {
		for i := range 1000 {
			s.Add(tx, fmt.Sprint(i))
		}
	})
	const far = 4_000_000_000
	s.Merge(numbered(t, "first", 10))
	s.Merge(numbered(t, "far", far))
	do(t, s, writer(3), cartRemove("first"))
	for _, late := range []struct {
		e   string
		seq uint64
	}{{"farther", 2 * far}, {"late", 20}, {"later", 15}, {"between", far / 2}} {
		s.Merge(numbered(t, late.e, late.seq))
	}
	for _, e := range []string{"far", "farther", "late", "later", "between"} {
		again := s.Clone()
		if do(t, again, writer(4), cartRemove(e)); !s.Contains(e) || again.Contains(e) {
			t.Errorf("%q is there: %t; after its removal: %t", e, s.Contains(e), again.Contains(e))
		}
	}
	f := frame(t, cartKind, s)
	if back, err := crdt.DecodeFrame(cartKind, f); err != nil || !bytes.Equal(frame(t, cartKind, back), f) {
		t.Errorf("it does not come back from its frame: %v", err)
	}
}

// Long elements stand in their page in order of arrival, and in a frame in that of
// their dots.
func TestLongElementsOutOfOrder(t *testing.T) {
	t.Parallel()
	a, w := cartKind.New(), writer(1)
	var deltas []*cart
	for i := range 1500 {
		deltas = append(deltas, do(t, a, w, cartAdd(fmt.Sprintf("element %08d", i))))
	}
	want := frame(t, cartKind, a)
	for _, apart := range []int{2, 16, 300} {
		b := cartKind.New()
		for some := range slices.Chunk(deltas, apart) {
			for _, d := range slices.Backward(some) {
				b.Merge(d)
			}
		}
		if !bytes.Equal(frame(t, cartKind, b), want) {
			t.Errorf("merged backwards %d by %d, the set has other bytes", apart, apart)
		}
	}
}

// A reset on behalf of a reader, of a total that has moved on since, ends nothing:
// its base is all of its delta, and an event all the same.
func TestResetLeavesABaseAlone(t *testing.T) {
	t.Parallel()
	c, w := crdt.CounterKind().New(), writer(1)
	inc := func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) }
	do(t, c, w, inc)
	snap := crdt.SnapshotOf(c)
	do(t, c, w, inc)
	delta, err := crdt.Mutate(c, writer(2), func(tx *crdt.Tx, c *crdt.Counter) error { c.Reset(tx); return nil }, crdt.SeenSnapshot(snap))
	if err != nil || delta.IsBottom() || c.Value() != 5 {
		t.Errorf("10 less the 5 that the reader saw are %v (%v); the delta is bottom: %t", c, err, delta.IsBottom())
	}
	if got := crdt.ContextOf(delta); !got.Equal(dots(nil, []uint64{1})) {
		t.Errorf("the delta knows %v, want the event of the reset alone", got)
	}
}

// A live dot in a gap of the context, behind the last dot of which there is more,
// is refused like one behind all.
func TestLiveDotInAGap(t *testing.T) {
	t.Parallel()
	s := do(t, cartKind.New(), &liar{id: 1, ev: event(1, 2, 0)}, cartAdd("x"))
	content, err := cartKind.Append(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	known, _ := dots([]uint64{1, 2}).AppendBinary(content[:1:1])
	gap, _ := dots([]uint64{1, 3}).AppendBinary(content[:1:1])
	body, ok := bytes.CutPrefix(content, known)
	if !ok {
		t.Fatalf("content %x does not begin with the context %x", content, known)
	}
	if s, err := cartKind.Decode(slices.Concat(gap, body)); err == nil {
		t.Errorf("Decode accepts %v, live under dot 2 of a context that lacks it", slices.Collect(s.All()))
	}
}

// What one changed byte, or two that have changed places, make of a small nested
// map is refused or encodes to itself: so it is of the order of its inner nodes,
// for one.
func TestNestedContentIsCanonical(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.AWSetKind(crdt.String)))
	m := k.New()
	do(t, m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.AWMap[string, *cart]]) {
		for _, path := range []string{"aa", "ba", "bb", "cc"} {
			m.At(path[:1]).At(path[1:]).Add(tx, "x")
		}
	})
	content, err := k.Append(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	try := func(bad []byte) {
		v, err := k.Decode(bad)
		if err != nil {
			return
		}
		if again, err := k.Append(nil, v); err != nil || !bytes.Equal(again, bad) {
			t.Errorf("Decode accepts\n%x, which encodes as\n%x (%v)", bad, again, err)
		}
	}
	for i := range content {
		for j := range i {
			bad := bytes.Clone(content)
			bad[i], bad[j] = bad[j], bad[i]
			try(bad)
		}
		for c := range 256 {
			bad := bytes.Clone(content)
			bad[i] = byte(c)
			try(bad)
		}
	}
}

// Of concurrent writes the later one is shown, whoever made it.
func TestLaterConcurrentWriteIsShown(t *testing.T) {
	t.Parallel()
	k := crdt.LWWRegisterKind(crdt.String)
	late, early := do(t, k.New(), at(1, time.Second), set("late")), do(t, k.New(), at(2, 0), set("early"))
	for _, r := range []*crdt.LWWRegister[string]{join(k, late, early), join(k, early, late)} {
		if v, _ := r.Get(); v != "late" {
			t.Errorf("%q is shown, want the later write", v)
		}
	}
}
