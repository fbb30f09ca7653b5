package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// AppendFrame appends s as a frame: a state or a delta, self-contained. Views
// have no frame; encode the whole object. O(n).
func AppendFrame[S Lattice[S]](b []byte, k Kind[S], s S) ([]byte, error) {
	return appendFrame(b, k, s, envelope.Header{Format: envelope.Version, Kind: k.declared(), Version: k.Version})
}

func appendFrame[S Lattice[S]](b []byte, k Kind[S], s S, h envelope.Header) ([]byte, error) {
	if c, ok := any(s).(causal); ok {
		return h.AppendCausal(b, c.obj().whole())
	}
	if isNil(s) {
		s = k.New()
	}
	return h.AppendPlain(b, func(b []byte) ([]byte, error) { return k.Append(b, s) })
}

// DecodeFrame reads a frame of kind k, of the format that AppendFrame writes or an older
// one. A frame of another kind is ErrKind, one of a newer format or an unknown version
// of the kind ErrVersion: its bytes should be kept for a newer binary. Any other fault
// matches ErrCorrupt; it tells the byte (*wire.Error), or of bytes that only the codec
// refuses the event. Memory is bounded by the frame, to which no reference is kept.
func DecodeFrame[S Lattice[S]](k Kind[S], frame []byte) (S, error) {
	var none S
	e, err := envelope.Split(frame)
	if err != nil {
		return none, err
	}
	if string(e.Kind) != k.declared() {
		return none, fmt.Errorf("%w: %s, want %s", ErrKind, e.Kind, k.Name)
	}
	form := k.form()
	if form == nil {
		return decodePlain(k, &e)
	}
	if e.Version > k.Version {
		return none, k.unknown(e.Version)
	}
	state, err := e.State()
	if err != nil {
		return none, err
	}
	s, err := form.accept(state)
	if err != nil {
		return none, envelope.Corrupt(k.Name, err)
	}
	return s, nil
}

// decodePlain decodes a frame of a lattice without a context.
func decodePlain[S Lattice[S]](k Kind[S], e *envelope.Frame) (S, error) {
	var none S
	if e.IsCausal() {
		return none, fmt.Errorf("crdt: %s: %w: a context on a lattice that has none", k.Name, ErrCorrupt)
	}
	s, err := k.decode(e.Body.Bytes(), e.Version)
	if err != nil {
		return none, envelope.Corrupt(k.Name, err)
	}
	return s, nil
}

// ContextOf returns a copy of the context of s: the dots whose fate it knows. It
// is nil for a lattice without a context and for a view.
func ContextOf[S Lattice[S]](s S) *clock.Context {
	if c, ok := any(s).(causal); ok && c.obj().whole() != nil {
		return c.obj().whole().Context().Clone()
	}
	return nil
}
