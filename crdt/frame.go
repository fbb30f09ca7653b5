package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// FrameVersion is the version of the frame format that this package writes and
// the newest that it reads. The format is provisional until its specification
// (FORMAT.md) is part of the package.
const FrameVersion = 1

// A frame is one MessagePack array, which any such tool can open:
//
//	[format version, kind name, kind version, context, body, checksum]
//
// Context and body are binary; context is nil for a lattice without one. The
// checksum is CRC-32C over all bytes before it, as four binary bytes. Equal
// states have equal frames.
const frameFields = 6

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFrame appends s as a frame: a state or a delta, self-contained. Views
// have no frame; encode the whole object. O(n).
func AppendFrame[S Lattice[S]](b []byte, k Kind[S], s S) ([]byte, error) {
	if c, ok := any(s).(causal); ok {
		return appendCausalFrame(b, k.Name, k.Version, c.whole())
	}
	body, err := k.Append(nil, s)
	if err != nil {
		return nil, fmt.Errorf("crdt: %s: %w", k.Name, err)
	}
	return appendEnvelope(b, envelope{kind: k.Name, version: k.Version, body: body})
}

func appendCausalFrame(b []byte, kind string, version int, s *kernel.State) ([]byte, error) {
	if s == nil {
		return nil, errors.New("crdt: frame of a view of a map value or field: encode the whole object")
	}
	if s.IsOpen() {
		return nil, errors.New("crdt: frame of a value that a transaction is changing")
	}
	ctx, _ := s.Context().AppendBinary(nil) // never fails
	return appendEnvelope(b, envelope{kind, version, ctx, s.AppendBody(nil)})
}

// DecodeFrame reads a frame of kind k. A frame of another kind is ErrKind, one of
// a newer version ErrVersion; any other fault matches ErrCorrupt and says where.
// Memory is bounded by the length of the frame, to which no reference is kept.
func DecodeFrame[S Lattice[S]](k Kind[S], frame []byte) (S, error) {
	var none S
	e, err := splitFrame(frame)
	if err != nil {
		return none, err
	}
	if e.kind != k.Name {
		return none, fmt.Errorf("%w: %s, want %s", ErrKind, e.kind, k.Name)
	}
	if e.version > k.Version {
		return none, fmt.Errorf("%w: %s version %d, newest known %d", ErrVersion, k.Name, e.version, k.Version)
	}
	c, ok := any(k.New()).(nestable[S])
	if !ok {
		if e.context != nil {
			return none, fmt.Errorf("crdt: %s: %w: a context on a lattice that has none", k.Name, ErrCorrupt)
		}
		s, err := k.Decode(e.body)
		if err != nil {
			return none, fmt.Errorf("crdt: %s: %w", k.Name, err)
		}
		return s, nil
	}
	state, err := e.state()
	if err != nil {
		return none, err
	}
	s := c.nest(object{state: state})
	if err := state.Validate(any(s).(interface{ schema() kernel.Schema }).schema()); err != nil {
		return none, fmt.Errorf("crdt: %s: %w", k.Name, err)
	}
	return s, nil
}

// state decodes the kernel state of a causal frame, whatever its kind.
func (e envelope) state() (*kernel.State, error) {
	if e.context == nil {
		return nil, fmt.Errorf("crdt: %s: %w: frame without a context", e.kind, ErrCorrupt)
	}
	c, r := wire.NewReader(e.context), wire.NewReader(e.body)
	s := kernel.Read(c, r)
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: context: %w", e.kind, err)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: body: %w", e.kind, err)
	}
	return s, nil
}

// appendContent writes a causal state by itself, as Kind.Append does.
func appendContent(b []byte, s *kernel.State) ([]byte, error) {
	if s == nil {
		return nil, errors.New("crdt: content of a view of a map value or field: encode the whole object")
	}
	ctx, _ := s.Context().AppendBinary(nil) // never fails
	return s.AppendBody(wire.AppendBytes(b, ctx)), nil
}

func decodeContent(b []byte) (*kernel.State, error) {
	r := wire.NewReader(b)
	c := wire.NewReader(r.Bytes())
	s := kernel.Read(c, r)
	return s, errors.Join(c.Done(), r.Done())
}

func checksum(b []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli))
}

// ContextOf returns a copy of the context of s: the dots whose fate it knows. It
// is nil for a lattice without a context and for a view.
func ContextOf[S Lattice[S]](s S) *clock.Context {
	if c, ok := any(s).(causal); ok && c.whole() != nil {
		return c.whole().Context().Clone()
	}
	return nil
}
