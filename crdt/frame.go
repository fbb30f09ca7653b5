package crdt

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// AppendFrame appends s as a frame: a state or a delta, self-contained. Views
// have no frame; encode the whole object. O(n).
func AppendFrame[S Lattice[S]](b []byte, k Kind[S], s S) ([]byte, error) {
	return AppendFrameVersion(b, k, s, FrameVersion)
}

// AppendFrameVersion is AppendFrame in an older format: while programs that do not
// read the newest still run, those that do write what all can read.
func AppendFrameVersion[S Lattice[S]](b []byte, k Kind[S], s S, format int) ([]byte, error) {
	h := header{format, k.Name, k.Version}
	if c, ok := any(s).(causal); ok {
		return h.appendCausal(b, c.obj().whole())
	}
	if isNil(s) {
		s = k.New()
	}
	return h.appendPlain(b, func(b []byte) ([]byte, error) { return k.Append(b, s) })
}

func (h header) appendCausal(b []byte, s *kernel.State) ([]byte, error) {
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
	b = bodyOf(h.format).append(s, body.b)
	return h.seal(body.close(b), from)
}

// About the least bytes that a replica takes in a context, and an entry in a body.
const (
	minRow   = 11
	minEntry = 8
)

func (h header) appendPlain(b []byte, content func([]byte) ([]byte, error)) ([]byte, error) {
	from := len(b)
	b, err := h.append(b)
	if err != nil {
		return nil, err
	}
	body := openBin(append(b, mpNil), 0)
	if b, err = content(body.b); err != nil {
		return nil, fmt.Errorf("crdt: %s: %w", h.kind, err)
	}
	return h.seal(body.close(b), from)
}

// DecodeFrame reads a frame of kind k, of any format up to FrameVersion. A frame of
// another kind is ErrKind, one of a newer format or an unknown version of the kind
// ErrVersion: its bytes should be kept for a newer binary. Any other fault matches
// ErrCorrupt; it tells the byte (*wire.Error), or of bytes that only the codec
// refuses the event. Memory is bounded by the frame, to which no reference is kept.
func DecodeFrame[S Lattice[S]](k Kind[S], frame []byte) (S, error) {
	var none S
	e, err := splitFrame(frame)
	if err != nil {
		return none, err
	}
	if string(e.kind) != k.Name {
		return none, fmt.Errorf("%w: %s, want %s", ErrKind, e.kind, k.Name)
	}
	form := k.form()
	if form == nil {
		return decodePlain(k, &e)
	}
	if e.version > k.Version {
		return none, k.unknown(e.version)
	}
	state, err := e.state()
	if err != nil {
		return none, err
	}
	s, err := form.accept(state)
	if err != nil {
		return none, corrupt(k.Name, err)
	}
	return s, nil
}

// state decodes the kernel state of a causal frame, whatever its kind.
func (e *envelope) state() (*kernel.State, error) {
	if !e.isCausal() {
		return nil, fmt.Errorf("crdt: %s: %w: frame without a context", e.kind, ErrCorrupt)
	}
	in := [2]wire.Reader{e.context.reader(), e.body.reader()}
	c, r := &in[0], &in[1]
	s := bodyOf(e.format).read(c, r)
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: context: %w", e.kind, err)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("crdt: %s: body: %w", e.kind, err)
	}
	return s, nil
}

// decodePlain decodes a frame of a lattice without a context.
func decodePlain[S Lattice[S]](k Kind[S], e *envelope) (S, error) {
	var none S
	if e.isCausal() {
		return none, fmt.Errorf("crdt: %s: %w: a context on a lattice that has none", k.Name, ErrCorrupt)
	}
	s, err := k.decode(e.body.bytes(), e.version)
	if err != nil {
		return none, corrupt(k.Name, err)
	}
	return s, nil
}

// corrupt is err as a fault of a frame of a kind, whatever a codec returned.
func corrupt(kind string, err error) error {
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrVersion) {
		return fmt.Errorf("crdt: %s: %w", kind, err)
	}
	return fmt.Errorf("crdt: %s: %w: %w", kind, ErrCorrupt, err)
}

// A content is a causal state by itself, as Kind.Append writes it: the version of
// its format, context, body.

func appendContent(b []byte, s *kernel.State) ([]byte, error) {
	if s == nil {
		return nil, errors.New("crdt: content of a view of a map value or field: encode the whole object")
	}
	if s.IsOpen() {
		return nil, errors.New("crdt: content of a value that a transaction is changing")
	}
	b, _ = s.Context().AppendBinary(append(b, FrameVersion)) // never fails
	return bodyOf(FrameVersion).append(s, b), nil
}

func decodeContent(b []byte) (*kernel.State, error) {
	r := wire.NewReader(b)
	v := r.Byte()
	if v > FrameVersion {
		return nil, fmt.Errorf("%w: content of format %d, newest known %d", ErrVersion, v, FrameVersion)
	}
	if v < oldestVersion {
		r.Failf("content starts with byte %#02x", v)
		return nil, r.Err()
	}
	s := bodyOf(int(v)).read(r, r)
	return s, r.Done()
}

// ContextOf returns a copy of the context of s: the dots whose fate it knows. It
// is nil for a lattice without a context and for a view.
func ContextOf[S Lattice[S]](s S) *clock.Context {
	if c, ok := any(s).(causal); ok && c.obj().whole() != nil {
		return c.obj().whole().Context().Clone()
	}
	return nil
}

// BorrowContext returns the context of s itself, where ContextOf copies it. It belongs
// to s: the caller must neither change it nor keep it beyond the next change of s.
func BorrowContext[S Lattice[S]](s S) *clock.Context {
	if c, ok := any(s).(causal); ok && c.obj().whole() != nil {
		return c.obj().whole().Context()
	}
	return nil
}
