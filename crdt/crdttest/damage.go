package crdttest

import (
	"bytes"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// checkDamage decodes damaged frames and damaged contents, of a state or a delta.
func (w *world[S]) checkDamage() {
	s := w.node("damaged").state
	if len(w.deltas) > 0 && rapid.Bool().Draw(w.t, "a delta") {
		s = rapid.SampledFrom(w.deltas).Draw(w.t, "delta").delta
	}
	frame := w.encode(s)
	bad := damage(w.t, frame)
	if v, err := crdt.DecodeFrame(w.kind, bad); err == nil && !bytes.Equal(w.encode(v), bad) {
		w.t.Fatalf("decoder accepted\n%x, which encodes as\n%x", bad, w.encode(v))
	}
	if !bytes.Equal(bad, frame) {
		if _, err := crdt.DecodeFrame(w.kind, bad); err == nil {
			w.t.Fatalf("a damaged frame was accepted\n%x, from\n%x", bad, frame)
		}
	}
	content, err := w.kind.Append(nil, s)
	if err != nil {
		w.t.Fatalf("Append: %v", err)
	}
	for _, bad := range [][]byte{
		damage(w.t, content),
		swapped(w.t, content),
		content[:rapid.IntRange(0, len(content)).Draw(w.t, "cut")],
		rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(w.t, "noise"),
	} {
		w.checkContent(bad, s)
	}
}

// checkContent checks that what Decode accepts of any bytes encodes to them, and
// can be used.
func (w *world[S]) checkContent(bad []byte, s S) {
	in := bytes.Clone(bad)
	v, err := w.kind.Decode(in)
	if err != nil {
		return
	}
	for i := range in {
		in[i] = ^in[i]
	}
	again, err := w.kind.Append(nil, v)
	if err != nil || !bytes.Equal(again, bad) {
		w.t.Fatalf("Decode accepted\n%x, which encodes as\n%x (%v)", bad, again, err)
	}
	if c := v.Clone(); !c.Equal(v) || v.IsBottom() && !c.IsBottom() {
		w.t.Fatalf("a Clone of what was decoded from %x is not Equal to it", bad)
	}
	v.Merge(s)
	s.Clone().Merge(v)
}

// swapped returns b with two parts of equal length side by side exchanged, as of a
// list in another order.
func swapped(t *rapid.T, b []byte) []byte {
	n := rapid.IntRange(0, min(len(b)/2, 8)).Draw(t, "size")
	at := rapid.IntRange(0, len(b)-2*n).Draw(t, "at")
	return slices.Concat(b[:at], b[at+n:at+2*n], b[at:at+n], b[at+2*n:])
}

// damage returns b with a few bytes changed, cut or added.
func damage(t *rapid.T, b []byte) []byte {
	b = bytes.Clone(b)
	for range rapid.IntRange(1, 3).Draw(t, "faults") {
		at := rapid.IntRange(0, len(b)).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "fault") {
		case 0:
			b = b[:at]
		case 1:
			b = append(b, rapid.Byte().Draw(t, "byte"))
		default:
			if at < len(b) {
				b[at] = rapid.Byte().Draw(t, "byte")
			}
		}
	}
	return b
}
