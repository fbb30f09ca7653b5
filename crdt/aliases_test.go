package crdt_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

// onKey changes the value of a drawn key, or removes it, or all.
func onKey[V crdt.Nested[V]](change func(*rapid.T, *crdt.Tx, V)) func(*rapid.T, *crdt.Tx, *crdt.AWMap[string, V]) {
	return func(t *rapid.T, tx *crdt.Tx, m *crdt.AWMap[string, V]) {
		switch rapid.IntRange(0, 9).Draw(t, "key") {
		case 0:
			m.Clear(tx)
		case 1, 2:
			m.Remove(tx, item(t))
		default:
			change(t, tx, m.At(item(t)))
		}
	}
}

func TestLawsLWWMap(t *testing.T) {
	crdttest.Laws(t, crdt.LWWMapKind(crdt.String, crdt.String), some(onKey(changeLWW)))
}

func TestLawsMVMap(t *testing.T) {
	crdttest.Laws(t, crdt.MVMapKind(crdt.String, crdt.Int64), some(onKey(changeMV)))
}

func TestLawsMultiMap(t *testing.T) {
	crdttest.Laws(t, crdt.MultiMapKind(crdt.String, crdt.String), some(onKey(changeSet)))
}

// An alias is a name: its kind is that of the map, and what it writes is read as
// one.
func TestAliasesAreMaps(t *testing.T) {
	t.Parallel()
	sets := crdt.AWMapKind(crdt.String, crdt.AWSetKind(crdt.Int64))
	m := crdt.MultiMapKind(crdt.String, crdt.Int64).New()
	do(t, m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.AWSet[int64]]) { m.At("k").Add(tx, 7) })
	f := frame(t, crdt.MultiMapKind(crdt.String, crdt.Int64), m)
	if s, err := crdt.DecodeFrame(sets, f); err != nil || !s.At("k").Contains(7) || !bytes.Equal(frame(t, sets, s), f) {
		t.Errorf("read as a map of sets it is %v (%v)", s, err)
	}
	kinds := map[string]string{
		"awmap<string,lww<bytes>>":    crdt.LWWMapKind(crdt.String, crdt.Bytes).Name,
		"awmap<uint64,mv<string>>":    crdt.MVMapKind(crdt.Uint64, crdt.String).Name,
		"awmap<string,awset<int64>>":  crdt.MultiMapKind(crdt.String, crdt.Int64).Name,
		"awmap<string,rwset<string>>": roleKind.Name,
	}
	for want, got := range kinds {
		if got != want {
			t.Errorf("kind is %q, want %q", got, want)
		}
	}
}
