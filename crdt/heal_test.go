package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// The receivers of the heals below: a document that B has not seen all of, and the
// vector of B's store.
func healed(t testing.TB) (a, b *crdt.Doc, acc *account, base, killed *clock.Context) {
	t.Helper()
	acc = newAccount()
	a, b = acc.kind.New(), acc.kind.New()
	wa, wb := writer(replicaA), writer(replicaB)
	b.Merge(do(t, a, wa, func(tx *crdt.Tx, d *crdt.Doc) { // numbers 1 to 4
		acc.balance.In(d).Add(tx, 5)
		acc.tags.In(d).Add(tx, "x")
		acc.funds.In(d).At("k").At("l").Add(tx, 9)
		acc.owner.In(d).Set(tx, "o")
	}))
	base = &clock.Context{}
	base.AddRange(replicaA, clock.Interval{Lo: 1, Hi: 4})
	was := crdt.ContextOf(a)
	d := do(t, a, wa, func(tx *crdt.Tx, d *crdt.Doc) {
		acc.balance.In(d).Add(tx, 2)
		acc.funds.In(d).Remove(tx, "k")
		acc.memo.In(d).Set(tx, "m")
	})
	ended := crdt.ContextOf(d)
	killed = ended.Minus(ended.Minus(was))
	do(t, b, wb, func(tx *crdt.Tx, d *crdt.Doc) {
		acc.funds.In(d).At("k").At("l").Add(tx, 7)
		acc.tags.In(d).Add(tx, "y")
	})
	return a, b, acc, base, killed
}

func heals(t testing.TB) map[string]*untyped.Heal {
	t.Helper()
	a, b, acc, base, killed := healed(t)
	out := map[string]*untyped.Heal{}
	out["lists"] = asObject(t, acc.kind, a).Extract(base, killed)
	out["bitmap"] = asObject(t, acc.kind, a).Extract(base, nil)
	out["context"] = asObject(t, acc.kind, a).ExtractSeen(crdt.ContextOf(b))
	out["session"] = asObject(t, acc.kind, a).Extract(base, killed)
	out["session"].Base = nil // said once for the session
	out["nothing"] = untyped.NewObject(acc.kind).Extract(&clock.Context{}, nil)
	c := crdt.PNCounterKind().New()
	do(t, c, writer(replicaA), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 300) })
	out["pncounter"] = asObject(t, crdt.PNCounterKind(), c).Extract(base, killed)
	return out
}

func healBytes(t testing.TB, h *untyped.Heal) []byte {
	t.Helper()
	b, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatalf("AppendBinary: %v", err)
	}
	return b
}

func TestHealForms(t *testing.T) {
	t.Parallel()
	a, b, acc, _, _ := healed(t)
	whole := b.Clone()
	whole.Merge(a)
	if got := acc.funds.In(whole).At("k").At("l").Value(); got != 7 {
		t.Fatalf("the counter that was removed is %d, want the unseen 7", got)
	}
	for name, h := range heals(t) {
		if name == "pncounter" || name == "nothing" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.Clone()
			changed, missing, err := asObject(t, acc.kind, got).ApplyHeal(h)
			if !changed || missing != nil || err != nil {
				t.Fatalf("ApplyHeal = %t, %v, %v", changed, missing, err)
			}
			if !bytes.Equal(frame(t, acc.kind, got), frame(t, acc.kind, whole)) {
				t.Errorf("healed it is\n%x, merged with all\n%x", frame(t, acc.kind, got), frame(t, acc.kind, whole))
			}
			if (h.Held != nil) != (name == "bitmap" || name == "context") || (h.Base == nil) != (name == "session") {
				t.Errorf("held is %v, base %v", h.Held, h.Base)
			}
			if changed, _, _ := asObject(t, acc.kind, got).ApplyHeal(h); changed {
				t.Errorf("healed once more it changes")
			}
		})
	}
}

func TestHealEncoding(t *testing.T) {
	t.Parallel()
	for name, h := range heals(t) {
		b := healBytes(t, h)
		if again, err := h.AppendBinary([]byte("x")); err != nil || !bytes.Equal(again[1:], b) {
			t.Errorf("%s: appended to something it is %x, %v", name, again, err)
		}
		back, err := untyped.DecodeHeal(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := healBytes(t, back); !bytes.Equal(got, b) {
			t.Errorf("%s: decoded and encoded it is\n%x, want\n%x", name, got, b)
		}
		if old, err := h.AppendVersion(nil, envelope.OldestVersion); err != nil {
			t.Errorf("%s: in the oldest frame format: %v", name, err)
		} else if back, err := untyped.DecodeHeal(old); err != nil || !bytes.Equal(healBytes(t, back), b) {
			t.Errorf("%s: by the oldest frame format: %v", name, err)
		}
		var fields []any
		if err := msgpack.Unmarshal(b, &fields); err != nil || len(fields) != 5 {
			t.Errorf("%s: an ordinary decoder reads %v, %v", name, fields, err)
		} else if _, err := untyped.DecodeObject(fields[1].([]byte)); err != nil {
			t.Errorf("%s: its frame by itself: %v", name, err)
		}
	}
}

func TestGoldenHeal(t *testing.T) {
	t.Parallel()
	all := heals(t)
	files, _ := filepath.Glob("testdata/golden/heal-v1/*.hex")
	if len(files) != len(all) && !*update {
		t.Errorf("%d goldens, want %d", len(files), len(all))
	}
	for name, h := range all {
		path := fmt.Sprintf("testdata/golden/heal-v%d/%s.hex", untyped.HealVersion, name)
		b := healBytes(t, h)
		if *update {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(lines(b)), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if want := goldenFrame(t, path); !bytes.Equal(b, want) {
			t.Errorf("%s is\n%x, want\n%x", name, b, want)
		}
	}
}

func TestDamagedHeals(t *testing.T) {
	t.Parallel()
	for name, h := range heals(t) {
		refuseDamage(t, name, healBytes(t, h), func(b []byte) error { _, err := untyped.DecodeHeal(b); return err })
	}
	for _, b := range [][]byte{{0x95, 2}, {0x91, 0x7f}, {0x9f, 3, 1}} {
		if _, err := untyped.DecodeHeal(b); !errors.Is(err, crdt.ErrVersion) {
			t.Errorf("DecodeHeal(% x) = %v, want ErrVersion", b, err)
		}
	}
}

// healPack is a heal put together by an ordinary encoder, whatever it says.
func healPack(frame, whole, base []byte) []byte {
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseCompactInts(true)
	err := errors.Join(enc.EncodeArrayLen(5), enc.EncodeInt(untyped.HealVersion),
		enc.EncodeBytes(frame), enc.EncodeBytes(whole), enc.EncodeBytes(base))
	if err != nil {
		panic(err)
	}
	return sealed(buf.Bytes())
}

func TestHostileHeals(t *testing.T) {
	t.Parallel()
	a, _, acc, _, _ := healed(t)
	good := frame(t, acc.kind, a)
	ctx, _ := crdt.ContextOf(a).MarshalBinary()
	less, _ := crdt.ContextOf(crdt.CounterKind().New()).MarshalBinary()
	pn := frame(t, crdt.PNCounterKind(), crdt.PNCounterKind().New())
	own := frame(t, gsetKind, gsetKind.New())
	for _, tt := range []struct {
		name string
		heal []byte
		want error
	}{
		{"fine", healPack(good, ctx, ctx), nil},
		{"context narrower than the delta's", healPack(good, less, nil), crdt.ErrCorrupt},
		{"context of a lattice that has none", healPack(pn, ctx, nil), crdt.ErrCorrupt},
		{"context with bytes left over", healPack(good, append(ctx, 0), nil), crdt.ErrCorrupt},
		{"base cut", healPack(good, nil, ctx[:len(ctx)-1]), crdt.ErrCorrupt},
		{"no frame", healPack([]byte{}, nil, nil), crdt.ErrCorrupt},
		{"frame with a byte changed", healPack(append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), nil, nil), crdt.ErrCorrupt},
		{"unknown kind without a context", healPack(own, nil, nil), crdt.ErrKind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := untyped.DecodeHeal(tt.heal); !errors.Is(err, tt.want) {
				t.Errorf("DecodeHeal = %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := untyped.DecodeHeal(healPack(own, nil, nil), gsetKind); err != nil {
		t.Errorf("with its kind: %v", err)
	}
}

// TestApplyHealValidates pins that a heal which was decoded without its kind
// cannot put into a value what its type cannot hold.
func TestApplyHealValidates(t *testing.T) {
	t.Parallel()
	words, numbers := crdt.AWSetKind(crdt.String), crdt.AWSetKind(crdt.Uint64)
	s := words.New()
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "no number") })
	p, _, err := unpack(frame(t, words, s))
	if err != nil {
		t.Fatal(err)
	}
	p.kind = numbers.Name
	h, err := untyped.DecodeHeal(healPack(p.frame(), nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	n := numbers.New()
	if changed, _, err := asObject(t, numbers, n).ApplyHeal(h); changed || !errors.Is(err, crdt.ErrCorrupt) || !n.IsBottom() {
		t.Errorf("ApplyHeal = %t, %v; %d elements", changed, err, n.Len())
	}
	p.version = 2
	if h, err = untyped.DecodeHeal(healPack(p.frame(), nil, nil)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := asObject(t, numbers, n).ApplyHeal(h); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("ApplyHeal of a newer version of the kind = %v, want ErrVersion", err)
	}
}

func TestHealOfAnotherKind(t *testing.T) {
	t.Parallel()
	h := heals(t)["lists"]
	c := crdt.CounterKind().New()
	if changed, _, err := asObject(t, crdt.CounterKind(), c).ApplyHeal(h); changed || !errors.Is(err, crdt.ErrKind) {
		t.Errorf("ApplyHeal to a value = %t, %v, want ErrKind", changed, err)
	}
	o := object(t, frame(t, crdt.CounterKind(), c))
	if changed, _, err := o.ApplyHeal(h); changed || !errors.Is(err, crdt.ErrKind) {
		t.Errorf("Object.ApplyHeal = %t, %v, want ErrKind", changed, err)
	}
	for _, strip := range []func(*untyped.Object) (*untyped.Object, error){o.Strip, o.MergeStrip} {
		if news, err := strip(h.Delta); news != nil || !errors.Is(err, crdt.ErrKind) {
			t.Errorf("Strip = %v, %v, want ErrKind", news, err)
		}
	}
}

// TestHealReportsMissing pins that a lost record is found, and can be healed.
func TestHealReportsMissing(t *testing.T) {
	t.Parallel()
	a, _, acc, base, _ := healed(t)
	lost := acc.kind.New()
	h := asObject(t, acc.kind, a).Extract(base, nil)
	_, missing, err := asObject(t, acc.kind, lost).ApplyHeal(h)
	if err != nil || missing == nil || !missing.Equal(h.Held) {
		t.Fatalf("missing are %v (%v), want %v", missing, err, h.Held)
	}
	if lost.Equal(a) {
		t.Fatal("nothing was lost")
	}
	h = asObject(t, acc.kind, a).ExtractSeen(crdt.ContextOf(lost))
	if _, missing, err := asObject(t, acc.kind, lost).ApplyHeal(h); err != nil || missing != nil || !lost.Equal(a) {
		t.Errorf("healed by its context it lacks %v (%v), equal: %t", missing, err, lost.Equal(a))
	}
}

// TestHeldIsNotEncodedTwice pins the size of a heal without kill lists: one
// interval for each run of live dots, not two.
func TestHeldIsNotEncodedTwice(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.Uint64)
	s := k.New()
	w := writer(1)
	do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[uint64]) {
		for i := range uint64(2000) {
			s.Add(tx, i)
		}
	})
	do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[uint64]) {
		for i := range uint64(1000) {
			s.Remove(tx, 2*i)
		}
	})
	h := asObject(t, k, s).Extract(crdt.ContextOf(s), nil)
	if n := len(healBytes(t, h)); n > 2*1000+100 {
		t.Errorf("%d bytes for 1000 intervals, want about two each", n)
	}
}

func TestHealOfAView(t *testing.T) {
	t.Parallel()
	m := fundsKind.New()
	if o, err := untyped.ObjectOf(crdt.CounterKind(), m.At("EUR")); err == nil {
		t.Errorf("a view is the object %v", o)
	}
	if untyped.NewObject(crdt.PNCounterKind()).Fill(&clock.Context{}) {
		t.Errorf("Fill without a context changes something")
	}
	panics(t, "Contains", "view", func() { crdt.Contains(crdt.CounterKind().New(), m.At("EUR")) })
}

// TestAppendHealRefuses pins what cannot be said.
func TestAppendHealRefuses(t *testing.T) {
	t.Parallel()
	all := heals(t)
	both := *all["lists"]
	p := crdt.AWSetKind(crdt.String).New()
	do(t, p, writer(replicaA), func(tx *crdt.Tx, s *crdt.AWSet[string]) {
		for _, e := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			s.Add(tx, e)
		}
	})
	both.Held = crdt.ContextOf(p) // overlaps the delta's
	none := *all["pncounter"]
	none.Held = &clock.Context{}
	for name, h := range map[string]*untyped.Heal{"held in the delta's context": &both, "held without a context": &none} {
		if b, err := h.AppendBinary(nil); err == nil {
			t.Errorf("%s: encodes as %x", name, b)
		}
	}
	if _, err := all["lists"].AppendVersion(nil, untyped.FrameVersion+1); err == nil {
		t.Errorf("a heal in an unknown frame format returns no error")
	}
}
