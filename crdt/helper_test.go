package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// wall is a clock that stands still.
func wall() time.Time { return time.UnixMilli(1_700_000_000_000) }

func writer(id clock.ReplicaID) crdt.Source { return crdt.NewWriter(id, wall).On() }

// do mutates s and returns the delta.
func do[S crdt.Lattice[S]](t testing.TB, s S, src crdt.Source, fn func(*crdt.Tx, S)) S {
	t.Helper()
	delta, err := crdt.Mutate(s, src, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil })
	if err != nil {
		t.Fatalf("Mutate: %v", err)
	}
	return delta
}

// frame encodes s.
func frame[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], s S) []byte {
	t.Helper()
	b, err := crdt.AppendFrame(nil, k, s)
	if err != nil {
		t.Fatalf("AppendFrame: %v", err)
	}
	return b
}

// refuseDamage checks that every decoder refuses good with any part cut off behind, a
// byte changed, put in or put behind, or good behind itself.
func refuseDamage(t *testing.T, name string, good []byte, decoders ...func([]byte) error) {
	t.Helper()
	refused := func(what string, at int, bad []byte) {
		t.Helper()
		for _, decode := range decoders {
			if err := decode(bad); !errors.Is(err, crdt.ErrCorrupt) && !errors.Is(err, crdt.ErrVersion) {
				t.Errorf("%s: %s at byte %d = %v, want ErrCorrupt or ErrVersion", name, what, at, err)
			}
		}
	}
	for i := range good {
		refused("cut", i, good[:i])
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			refused("flip", i, bad)
		}
		refused("insert", i, slices.Insert(bytes.Clone(good), i, 0))
	}
	refused("trailing byte", len(good), append(bytes.Clone(good), 0))
	refused("again", len(good), append(bytes.Clone(good), good...))
}

// panics fails unless f panics with a message that has want in it.
func panics(t *testing.T, name, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("%s: panic %q, want one about %q", name, got, want)
		}
	}()
	f()
}

// liar is a source that says what it was told to.
type liar struct {
	id     clock.ReplicaID
	ev     clock.Event
	err    error
	issued int
}

func (l *liar) Replica() clock.ReplicaID                 { return l.id }
func (l *liar) Stamp(...clock.Timestamp) clock.Timestamp { return 0 }
func (l *liar) Doubt() uint64                            { return 0 }
func (l *liar) Issue(n int) (clock.Event, error)         { l.issued += n; return l.ev, l.err }

func event(id clock.ReplicaID, seq, after uint64) clock.Event {
	return clock.Event{Dot: clock.Dot{Replica: id, Seq: seq}, After: after}
}

// allocated returns how many bytes f allocates. Tests that use it are not
// parallel.
func allocated(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 3 { // others allocate too, now and then
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// asObject returns s as an object, which shares its state with s.
func asObject[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], s S) *untyped.Object {
	t.Helper()
	o, err := untyped.ObjectOf(k, s)
	if err != nil {
		t.Fatalf("ObjectOf: %v", err)
	}
	return o
}

// asValue is the inverse of asObject.
func asValue[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], o *untyped.Object) S {
	t.Helper()
	s, err := untyped.ValueOf(k, o)
	if err != nil {
		t.Fatalf("ValueOf: %v", err)
	}
	return s
}

// partsOf yields the irreducible parts of s.
func partsOf[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], s S) iter.Seq[S] {
	t.Helper()
	typed := k.Typed()
	state, err := typed.State(s)
	if err != nil {
		t.Fatalf("parts: %v", err)
	}
	return func(yield func(S) bool) {
		for p := range state.Parts() {
			if v, ok := typed.Value(p); !ok || !yield(v) {
				return
			}
		}
	}
}

// mergeStrip merges d into s and returns what of it was new, and whether anything was.
func mergeStrip[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], s, d S) (news S, changed bool) {
	t.Helper()
	o, err := asObject(t, k, s).MergeStrip(asObject(t, k, d))
	if err != nil {
		t.Fatalf("MergeStrip: %v", err)
	}
	if o == nil {
		return news, false
	}
	return asValue(t, k, o), true
}
