package crdt_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// budgets is a map of maps of counters with totals, bases and closed runs.
func budgets(t testing.TB) *nestedMap {
	t.Helper()
	m, a, b := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind())).New(), writer(replicaA), writer(replicaB)
	do(t, m, a, func(tx *crdt.Tx, m *nestedMap) {
		m.At("EUR").At("fees").Add(tx, 5)
		m.At("EUR").At("rent").Add(tx, -300)
	})
	do(t, m, b, func(tx *crdt.Tx, m *nestedMap) { m.At("EUR").At("fees").Add(tx, 7); m.At("USD").At("fees").Add(tx, 1) })
	do(t, m, b, func(tx *crdt.Tx, m *nestedMap) { m.At("USD").At("fees").Add(tx, 1) })
	do(t, m, a, func(tx *crdt.Tx, m *nestedMap) { m.At("EUR").At("fees").Reset(tx) })
	do(t, m, a, func(tx *crdt.Tx, m *nestedMap) { m.At("EUR").At("fees").Add(tx, 2) })
	return m
}

// goldenSnapshot is that of budgets' EUR, sealed: clients keep them, so these bytes
// are read for ever.
const goldenSnapshot = "01" +
	"02" + "0a0a0a0a0a0a0a0a" + "010003" + "b0b0b0b0b0b0b0b0" + "010002" + // context: A's 1-4, B's 1-3
	"01" + "046b455552" + // of key EUR
	"02" +
	"01" + "056b66656573" + "02" + // fees: A's run 4 is at 4 and closes those from 1, B's run 1 was reset at 1
	"0a0a0a0a0a0a0a0a" + "04" + "03" + "00" + "04" +
	"b0b0b0b0b0b0b0b0" + "01" + "00" + "00" + "0e" +
	"01" + "056b72656e74" + "01" + // rent: A's run 2
	"0a0a0a0a0a0a0a0a" + "02" + "01" + "00" + "d704" +
	"2e362ce2d1c3a1a241cda4f044f1b3df"

func TestSnapshotGolden(t *testing.T) {
	t.Parallel()
	m := budgets(t)
	got, err := crdt.SnapshotOf(m.At("EUR")).Seal(sealKey, "budget/7")
	if err != nil || hex.EncodeToString(got) != goldenSnapshot {
		t.Fatalf("Seal = %x, %v, want %s", got, err, goldenSnapshot)
	}
	s, err := crdt.OpenSnapshot(sealKey, "budget/7", got)
	if err != nil || !s.Context().Equal(crdt.ContextOf(m)) {
		t.Fatalf("OpenSnapshot = %v", err)
	}
	do(t, m, writer(3), func(tx *crdt.Tx, m *nestedMap) { m.At("EUR").At("fees").Add(tx, 10); m.At("EUR").At("new").Add(tx, 4) })
	doSeen(t, m, writer(4), crdt.SeenSnapshot(s), func(tx *crdt.Tx, m *nestedMap) { m.Remove(tx, "EUR") })
	eur := m.At("EUR")
	if eur.At("fees").Value() != 10 || eur.At("new").Value() != 4 || eur.Len() != 2 || m.At("USD").At("fees").Value() != 2 {
		t.Errorf("after the removal of what was seen: fees %v, new %v, %d in all", eur.At("fees"), eur.At("new"), eur.Len())
	}
}

func TestSnapshotRoundTrip(t *testing.T) {
	t.Parallel()
	a := newAccount()
	of := func(d *crdt.Doc) []*crdt.Snapshot {
		return []*crdt.Snapshot{
			crdt.SnapshotOf(d), crdt.SnapshotOf(a.balance.In(d)), crdt.SnapshotOf(a.funds.In(d)), crdt.SnapshotOf(a.funds.In(d).At("a")),
			crdt.SnapshotOf(a.tags.In(d)), crdt.SnapshotOf(a.owner.In(d)),
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newSpecWorld(rt, a.kind, a.change, a.shown)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			w.step()
		}
		for i, s := range of(w.nodes[0].doc) {
			sealed, err := s.Seal(sealKey, "k")
			if err != nil {
				rt.Fatal(err)
			}
			was := slices.Clone(sealed)
			back, err := crdt.OpenSnapshot(sealKey, "k", sealed)
			if err != nil || !bytes.Equal(sealed, was) {
				rt.Fatalf("OpenSnapshot(%x) = %v", sealed, err)
			}
			if again, _ := back.Seal(sealKey, "k"); !bytes.Equal(again, sealed) {
				rt.Fatalf("snapshot %d: %x opened and sealed again is %x", i, sealed, again)
			}
		}
	})
}

// A snapshot is of its moment: what is done to the object later, or with the
// context, does not show in it.
func TestSnapshotIsDetached(t *testing.T) {
	t.Parallel()
	m := budgets(t)
	s := crdt.SnapshotOf(m)
	was := crdt.SnapshotBody(s)
	do(t, m, writer(3), func(tx *crdt.Tx, m *nestedMap) { m.Clear(tx); m.At("EUR").At("fees").Add(tx, 1) })
	s.Context().Add(clock.Dot{Replica: 9, Seq: 9})
	if !bytes.Equal(crdt.SnapshotBody(s), was) {
		t.Error("a snapshot changed")
	}
	panics(t, "SnapshotOf", "during a transaction", func() {
		do(t, m, writer(3), func(_ *crdt.Tx, m *nestedMap) { crdt.SnapshotOf(m.At("EUR")) })
	})
	if crdt.SnapshotOf(crdt.PNCounterKind().New()) != nil {
		t.Error("a PNCounter has a snapshot")
	}
	bad := crdt.AWMapKind(crdt.MsgPack[float64]("float"), crdt.CounterKind()).New().At(math.NaN())
	if s := crdt.SnapshotOf(bad); !s.Context().IsEmpty() {
		t.Errorf("a view of no place has seen %v", s.Context())
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	t.Parallel()
	for _, sealed := range [][]byte{nil, {}} {
		s, err := crdt.OpenSnapshot(sealKey, "k", sealed)
		if err != nil || !s.Context().IsEmpty() {
			t.Errorf("OpenSnapshot of no bytes = %v", err)
		}
	}
	if sealed, err := new(crdt.Snapshot).Seal(sealKey, "k"); err != nil || len(sealed) != 20 {
		t.Errorf("the zero snapshot sealed is %x, %v", sealed, err)
	}
}

func TestOpenSnapshotRefuses(t *testing.T) {
	t.Parallel()
	m := budgets(t)
	sealed, err := crdt.SnapshotOf(m).Seal(sealKey, "scope")
	if err != nil {
		t.Fatal(err)
	}
	token, err := clock.SealToken(sealKey, "scope", crdt.ContextOf(m))
	if err != nil {
		t.Fatal(err)
	}
	rawToken, _ := token.MarshalBinary()
	forge := func(body ...byte) []byte { return crdt.ForgeSnapshot(body, sealKey, "scope") }
	for _, tt := range []struct {
		name  string
		raw   []byte
		key   []byte
		scope string
	}{
		{"other key", sealed, make([]byte, 32), "scope"},
		{"no key", sealed, nil, "scope"},
		{"other scope", sealed, sealKey, "scopf"},
		{"no scope", sealed, sealKey, ""},
		{"longer scope", sealed, sealKey, "scope\x01"},
		{"a token", rawToken, sealKey, "scope"},
		{"one byte", []byte{1}, sealKey, "scope"},
		{"only a seal", forge(), sealKey, "scope"},
		{"version 0", forge(0, 0, 0, 0), sealKey, "scope"},
		{"version 2", forge(2, 0, 0, 0), sealKey, "scope"},
		{"nothing behind the version", forge(1), sealKey, "scope"},
		{"trailing byte in the seal", forge(1, 0, 0, 0, 0), sealKey, "scope"},
		{"trailing byte", append(slices.Clone(sealed), 0), sealKey, "scope"},
		{"too long", make([]byte, crdt.MaxSnapshotBytes+1), sealKey, "scope"},
		{"all zero", make([]byte, 64), sealKey, "scope"},
	} {
		if s, err := crdt.OpenSnapshot(tt.key, tt.scope, tt.raw); !errors.Is(err, clock.ErrToken) || s != nil {
			t.Errorf("%s: OpenSnapshot = %v, %v, want ErrToken", tt.name, s, err)
		}
	}
	for i := range 8 * len(sealed) {
		raw := slices.Clone(sealed)
		raw[i/8] ^= 1 << (i % 8)
		if _, err := crdt.OpenSnapshot(sealKey, "scope", raw); !errors.Is(err, clock.ErrToken) {
			t.Fatalf("bit %d flipped: %v, want ErrToken", i, err)
		}
	}
	for n := 1; n < len(sealed); n++ {
		if _, err := crdt.OpenSnapshot(sealKey, "scope", sealed[:n]); !errors.Is(err, clock.ErrToken) {
			t.Fatalf("cut at %d: %v, want ErrToken", n, err)
		}
	}
	var stolen clock.Token
	if err := stolen.UnmarshalBinary(sealed); err != nil {
		t.Fatal(err)
	}
	if _, err := stolen.Open(sealKey, "scope"); !errors.Is(err, clock.ErrToken) {
		t.Errorf("a snapshot opens as a token: %v", err)
	}
}

// Bodies that no encoder writes are refused under a true seal too.
func TestSnapshotCorruptBodies(t *testing.T) {
	t.Parallel()
	const id, other = "0a0a0a0a0a0a0a0a", "0a0a0a0a0a0a0a0b"
	good := "00" + "00" + "01" + "01026b61" + "02" + id + "01000000" + id + "02010000"
	if _, err := crdt.DecodeSnapshot(unhex(t, good)); err != nil {
		t.Fatalf("the good one is refused: %v", err)
	}
	for name, body := range map[string]string{
		"cut":                 good[:len(good)-2],
		"rows out of order":   "00" + "00" + "01" + "01026b61" + "02" + other + "01000000" + id + "01000000",
		"row twice":           "00" + "00" + "01" + "01026b61" + "02" + id + "01000000" + id + "01000000",
		"paths out of order":  "00" + "00" + "02" + "01026b62" + "01" + id + "01000000" + "01026b61" + "01" + id + "01000000",
		"path twice":          "00" + "00" + "02" + "01026b61" + "01" + id + "01000000" + "01026b61" + "01" + id + "01000000",
		"path without rows":   "00" + "00" + "01" + "01026b61" + "00" + "0000000000000000000000",
		"empty segment":       "00" + "00" + "01" + "0100" + "01" + id + "01000000",
		"empty segment above": "00" + "0100" + "00",
		"replica 0":           "00" + "00" + "01" + "01026b61" + "01" + "0000000000000000" + "01000000",
		"run 0":               "00" + "00" + "01" + "01026b61" + "01" + id + "00000000",
		"closes more":         "00" + "00" + "01" + "01026b61" + "01" + id + "01010000",
		"number too large":    "00" + "00" + "01" + "01026b61" + "01" + id + "0100ffffffffffffffff7f00",
		"run too large":       "00" + "00" + "01" + "01026b61" + "01" + id + "ffffffffffffffffff01" + "000000",
		"path too long":       "00" + "00" + "01" + "21" + strings.Repeat("026b61", 33) + "01" + id + "01000000",
		"many groups":         "00" + "00" + "ffffffff0f",
		"long integer":        "00" + "00" + "01" + "01026b61" + "01" + id + "0100008000",
	} {
		if s, err := crdt.DecodeSnapshot(unhex(t, body)); !errors.Is(err, clock.ErrCorrupt) {
			t.Errorf("%s: decoded as %x, %v, want ErrCorrupt", name, crdt.SnapshotBody(s), err)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealSnapshotBounds(t *testing.T) {
	t.Parallel()
	m := crdt.AWMapKind(crdt.Uint64, crdt.CounterKind()).New()
	if _, err := crdt.SnapshotOf(m).Seal(make([]byte, 15), "k"); err == nil {
		t.Error("Seal accepts a key of 15 bytes")
	}
	do(t, m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[uint64, *crdt.Counter]) {
		for k := range uint64(12_000) {
			m.At(k).Add(tx, 1)
		}
	})
	if b, err := crdt.SnapshotOf(m).Seal(sealKey, "k"); err == nil {
		t.Errorf("Seal makes a snapshot of %d bytes, at most %d", len(b), crdt.MaxSnapshotBytes)
	}
	if _, err := crdt.SnapshotOf(m.At(7)).Seal(sealKey, "k"); err != nil {
		t.Errorf("Seal of one key: %v", err)
	}
}

// FuzzSnapshot checks that what decodes encodes to the same bytes, and that a
// transaction can act on it, wherever it came from.
func FuzzSnapshot(f *testing.F) {
	f.Add(unhex(f, goldenSnapshot[2:len(goldenSnapshot)-32]))
	f.Add(crdt.SnapshotBody(crdt.SnapshotOf(budgets(f))))
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := crdt.DecodeSnapshot(body)
		if err != nil {
			return
		}
		if again := crdt.SnapshotBody(s); !bytes.Equal(again, body) {
			t.Fatalf("%x encodes as %x", body, again)
		}
		m := budgets(t)
		was := frame(t, budgetsKind, m)
		before := m.Clone()
		delta, err := crdt.Mutate(m, writer(5), func(tx *crdt.Tx, m *nestedMap) error {
			m.At("EUR").At("fees").Reset(tx)
			if crdt.ContextOf(m).Covers(s.Context()) {
				m.Clear(tx)
			}
			return nil
		}, crdt.SeenSnapshot(s))
		if err != nil {
			if !bytes.Equal(frame(t, budgetsKind, m), was) {
				t.Fatalf("%v, but the map changed", err)
			}
			return
		}
		if before.Merge(delta); !before.Equal(m) {
			t.Fatal("the state before and the delta are not the state after")
		}
		if _, err := crdt.DecodeFrame(budgetsKind, frame(t, budgetsKind, m)); err != nil {
			t.Fatalf("the map cannot be read again: %v", err)
		}
	})
}

var budgetsKind = crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
