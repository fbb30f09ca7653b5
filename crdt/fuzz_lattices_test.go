package crdt_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// fuzzPlain fuzzes the decoder of a kind: what it accepts encodes to the same
// bytes, merges with others by the laws, and can be changed.
func fuzzPlain[S crdt.Lattice[S]](f *testing.F, k crdt.Kind[S], mutate func(*crdt.Tx, S) error, seeds ...func(*crdt.Tx, S) error) {
	f.Helper()
	s := k.New()
	states := []S{s.Clone()}
	for i, seed := range append(seeds, mutate) {
		if _, err := crdt.Mutate(s, writer(replicaA+1<<(8*i)), seed); err != nil {
			f.Fatal(err)
		}
		states = append(states, s.Clone())
	}
	encode := func(tb testing.TB, s S) []byte {
		tb.Helper()
		b, err := k.Append(nil, s)
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	for _, s := range states {
		b := encode(f, s)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		v, err := k.Decode(b)
		if !bytes.Equal(b, was) {
			t.Fatal("Decode changed its argument")
		}
		if err != nil {
			return
		}
		clear(b) // to which no reference is kept
		if again := encode(t, v); !bytes.Equal(again, was) {
			t.Fatalf("Decode accepted\n%x, which encodes as\n%x", was, again)
		}
		for _, s := range states {
			vs, sv := v.Clone(), s.Clone()
			vs.Merge(s)
			sv.Merge(v)
			if !vs.Equal(sv) || !bytes.Equal(encode(t, vs), encode(t, sv)) || vs.Merge(v) || vs.Merge(s) {
				t.Fatalf("merge of\n%x and\n%x is\n%x, the other way round\n%x", was, encode(t, s), encode(t, vs), encode(t, sv))
			}
		}
		before := v.Clone()
		delta, err := crdt.Mutate(v, writer(replicaB), mutate)
		if err != nil { // it is full, or of another's making
			if !v.Equal(before) {
				t.Fatalf("a failed change of\n%x changed it", was)
			}
			return
		}
		if before.Merge(delta); !before.Equal(v) {
			t.Fatalf("the delta of a change of\n%x is not the change", was)
		}
	})
}

func FuzzGCounter(f *testing.F) {
	fuzzPlain(f, crdt.GCounterKind(), discard(count(3)), discard(count(1<<63)), discard(count(200)))
}

func FuzzPNCounter(f *testing.F) {
	add := func(n int64) func(*crdt.Tx, *crdt.PNCounter) error {
		return func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, n); return nil }
	}
	fuzzPlain(f, crdt.PNCounterKind(), add(3), add(-1<<62), add(200))
}

func FuzzGSet(f *testing.F) {
	add := func(e string) func(*crdt.Tx, *grown) error {
		return func(tx *crdt.Tx, s *grown) error { s.Add(tx, e); return nil }
	}
	fuzzPlain(f, grownKind, add("milk"), add(""), add("eggs"), add("\xff"))
}

func FuzzMaxRegister(f *testing.F) {
	set := func(v int64) func(*crdt.Tx, *top) error {
		return func(tx *crdt.Tx, r *top) error { r.Set(tx, v); return nil }
	}
	fuzzPlain(f, topKind, set(9), set(-1))
}

func FuzzMinRegister(f *testing.F) {
	set := func(v string) func(*crdt.Tx, *low) error {
		return func(tx *crdt.Tx, r *low) error { r.Set(tx, v); return nil }
	}
	fuzzPlain(f, lowKind, set(""), set("x"))
}

func FuzzGMap(f *testing.F) {
	at := func(k string, fn func(*crdt.Tx, *tallies)) func(*crdt.Tx, *nested) error {
		return func(tx *crdt.Tx, m *nested) error { return m.Apply(tx, k, discard(fn)) }
	}
	fuzzPlain(f, nestedKind, at("x", in("y", 3)), at("", in("z", -300)), at("x", in("", 1)))
}

func FuzzBoundedCounter(f *testing.F) {
	fuzzPlain(f, crdt.BoundedCounterKind(0, math.MaxInt64), grant(3), grant(1<<40), grant(200))
}

func FuzzBoundedCounterBetween(f *testing.F) {
	k := crdt.BoundedCounterKind(-100, 50)
	both := func(tx *crdt.Tx, c *bounded) error { // of what it holds it spends and hands over
		if err := c.Close(tx, 7); err != nil {
			return err
		}
		return c.Grant(tx, c.Grantable(tx.Replica()))
	}
	fuzzPlain(f, k, both, start(0))
}
