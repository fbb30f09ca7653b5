package crdttest

import (
	"bytes"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// twinOf returns the textbook form of s, or nil for a lattice without a context.
// It opens the frame with an ordinary MessagePack decoder.
func (w *world[S]) twinOf(s S) *textbook.Object {
	f, err := crdt.AppendFrame(nil, w.kind, s)
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	var e struct {
		_msgpack      struct{} `msgpack:",as_array"`
		Format        int
		Kind          string
		Version       int
		Context, Body []byte
		Sum           []byte
	}
	if err := msgpack.NewDecoder(bytes.NewReader(f)).Decode(&e); err != nil {
		w.t.Fatalf("frame is not MessagePack: %v\n%x", err, f)
	}
	if e.Context == nil {
		return nil
	}
	c, b := wire.NewReader(e.Context), wire.NewReader(e.Body)
	state := kernel.Read(c, b)
	if c.Done() != nil || b.Done() != nil {
		w.t.Fatalf("frame: context: %v, body: %v\n%x", c.Done(), b.Done(), f)
	}
	return textbook.From(state)
}

// checkTwin compares the state of n with its textbook form.
func (w *world[S]) checkTwin(n *replica[S]) {
	if got := w.twinOf(n.state); !got.Equal(n.twin) {
		w.t.Fatalf("state differs from the textbook join\n got %v\nwant %v", got, n.twin)
	}
}
