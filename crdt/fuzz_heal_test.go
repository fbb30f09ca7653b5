package crdt_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

func FuzzDecodeHeal(f *testing.F) {
	for _, h := range heals(f) {
		b := healBytes(f, h)
		f.Add(b)
		f.Add(b[:len(b)-6])
		if old, err := h.AppendVersion(nil, envelope.OldestVersion); err == nil {
			f.Add(old[:len(old)-6])
		}
	}
	a, b, acc, _, _ := healed(f)
	whole := frame(f, acc.kind, a)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, in := range [][]byte{in, sealed(in)} {
			was := bytes.Clone(in)
			h, err := untyped.DecodeHeal(in, gsetKind)
			if !bytes.Equal(in, was) {
				t.Fatalf("DecodeHeal changed its argument")
			}
			if err != nil {
				if !errors.Is(err, crdt.ErrCorrupt) && !errors.Is(err, crdt.ErrVersion) && !errors.Is(err, crdt.ErrKind) {
					t.Fatalf("DecodeHeal(%x) = %v", in, err)
				}
				continue
			}
			again := healBytes(t, h)
			if !bytes.Equal(again, in) { // its frame is of an older format
				old, err := h.AppendVersion(nil, envelope.OldestVersion)
				if err != nil || !bytes.Equal(old, in) {
					t.Fatalf("DecodeHeal accepted\n%x, which encodes as\n%x and\n%x (%v)", in, again, old, err)
				}
			}
			if back, err := untyped.DecodeHeal(again, gsetKind); err != nil || !bytes.Equal(healBytes(t, back), again) {
				t.Fatalf("what DecodeHeal accepted as\n%x does not decode again: %v", in, err)
			}
			// What was accepted can be used, whatever it says.
			o := object(t, whole)
			if _, _, err := o.ApplyHeal(h); err == nil {
				if changed, _, err := o.ApplyHeal(h); changed || err != nil {
					t.Fatalf("applying\n%x twice = %t, %v", in, changed, err)
				}
				bytesOf(t, o)
			}
			d := b.Clone()
			if _, _, err := asObject(t, acc.kind, d).ApplyHeal(h); err == nil {
				frame(t, acc.kind, d)
				for range d.Fields() { // reading does not panic
				}
			}
		}
	})
}
