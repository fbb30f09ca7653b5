package envelope

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// AppendCausal appends the frame of a causal state, nil for that of a view, which has
// none.
func (h Header) AppendCausal(b []byte, s *kernel.State) ([]byte, error) {
	if s == nil {
		return nil, errors.New("crdt: frame of a view of a map value or field: encode the whole object")
	}
	if s.IsOpen() {
		return nil, errors.New("crdt: frame of a value that a transaction is changing")
	}
	from := len(b)
	b, err := h.append(b)
	if err != nil {
		return nil, err
	}
	ctx := openBin(b, s.Context().Rows()*minRow)
	b, _ = s.Context().AppendBinary(ctx.b) // never fails
	body := openBin(ctx.close(b), s.Len()*minEntry)
	b = bodyOf(h.Format).append(s, body.b)
	return h.seal(body.close(b), from)
}

// About the least bytes that a replica takes in a context, and an entry in a body.
const (
	minRow   = 11
	minEntry = 8
)

// AppendPlain appends the frame of a lattice without a context.
func (h Header) AppendPlain(b []byte, content func([]byte) ([]byte, error)) ([]byte, error) {
	from := len(b)
	b, err := h.append(b)
	if err != nil {
		return nil, err
	}
	body := openBin(append(b, Nil), 0)
	if b, err = content(body.b); err != nil {
		return nil, fmt.Errorf("crdt: %s: %w", h.Kind, err)
	}
	return h.seal(body.close(b), from)
}

// State decodes the kernel state of a causal frame, whatever its kind.
func (e *Frame) State() (*kernel.State, error) {
	if !e.IsCausal() {
		return nil, fmt.Errorf("crdt: %s: %w: frame without a context", e.Kind, clock.ErrCorrupt)
	}
	in := [2]wire.Reader{e.Context.Reader(), e.Body.Reader()}
	c, r := &in[0], &in[1]
	s := bodyOf(e.Format).read(c, r)
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: context: %w", e.Kind, err)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: body: %w", e.Kind, err)
	}
	return s, nil
}

// A content is a causal state by itself, as Kind.Append writes it: the version of
// its format, context, body.

// AppendContent appends the content of a state, nil for that of a view.
func AppendContent(b []byte, s *kernel.State) ([]byte, error) {
	if s == nil {
		return nil, errors.New("crdt: content of a view of a map value or field: encode the whole object")
	}
	if s.IsOpen() {
		return nil, errors.New("crdt: content of a value that a transaction is changing")
	}
	b, _ = s.Context().AppendBinary(append(b, Version)) // never fails
	return bodyOf(Version).append(s, b), nil
}

// DecodeContent reads what AppendContent wrote.
func DecodeContent(b []byte) (*kernel.State, error) {
	r := wire.NewReader(b)
	v := r.Byte()
	if v > Version {
		return nil, fmt.Errorf("%w: content of format %d, newest known %d", ErrVersion, v, Version)
	}
	if v < OldestVersion {
		r.Failf("content starts with byte %#02x", v)
		return nil, r.Err()
	}
	s := bodyOf(int(v)).read(r, r)
	return s, r.Done()
}
