package envelope

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Frame is the fields of a frame, which it aliases.
type Frame struct {
	Format        int
	Kind          []byte
	Version       int
	Context, Body Section
}

// Section is the bytes of b from a position on. Of what is nil b is nil.
type Section struct {
	B  []byte
	At int
}

// Bytes returns the bytes of the section.
func (p Section) Bytes() []byte { return p.B[p.At:] }

// Reader returns a reader of the section that tells offsets in b.
func (p Section) Reader() wire.Reader {
	r := wire.NewReader(p.B)
	r.Next(p.At)
	return *r
}

// IsCausal reports whether the frame has a context.
func (e *Frame) IsCausal() bool { return e.Context.B != nil }

// Size returns the length of the frame.
func (e *Frame) Size() int {
	n := 2 + strHead(len(e.Kind)) + len(e.Kind) + 1 + 1 + 2 + SumSize
	for _, p := range []Section{e.Context, e.Body} {
		if p.B != nil {
			n += binHead(len(p.Bytes())) + len(p.Bytes())
		}
	}
	if e.IsCausal() {
		n-- // no nil
	}
	return n
}

// AppendTo appends the frame.
func (e *Frame) AppendTo(b []byte) []byte {
	from := len(b)
	b = appendHead(b, e.Format, e.Kind, e.Version)
	if e.IsCausal() {
		b = AppendBin(b, e.Context.Bytes())
	} else {
		b = append(b, Nil)
	}
	return AppendSum(AppendBin(b, e.Body.Bytes()), from)
}

// Split checks a frame and returns its fields, which alias it.
func Split(frame []byte) (Frame, error) {
	var e Frame
	r := wire.NewReader(frame)
	v, err := ReadHead(r, "frame", frameFields, OldestVersion, Version)
	if err != nil {
		return e, err
	}
	e.Format = v
	e.Kind = ReadStr(r)
	if e.Version = int(r.Byte()); r.Err() == nil && (e.Version < 1 || e.Version > FixMax) {
		r.Failf("kind version %d", e.Version)
	}
	e.Context = ReadBin(r, true).Of(frame)
	e.Body = ReadBin(r, false).Of(frame)
	ReadSum(r, frame)
	if err := r.Done(); err != nil {
		return e, fmt.Errorf("crdt: frame: %w", err)
	}
	return e, nil
}
