package crdt_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// hostile is a short frame that claims much.
type hostile struct {
	name          string
	format        int
	kind          string
	context, body []byte
}

func (h hostile) frame() []byte {
	return pack{format: h.format, kind: h.kind, version: 1, context: h.context, body: h.body}.frame()
}

// hostiles claims a huge number in each place of a frame that has a number.
func hostiles() []hostile {
	const set = "awset<string>"
	huge := wire.AppendUvarint(nil, 1<<62)
	id := []byte{0, 0, 0, 0, 0, 0, 0, 1}
	all := slices.Concat([]byte{1}, id, []byte{1, 0}, huge) // a context of 2^62 dots
	dot := []byte{1, 0, 0}                                  // the first is live
	body := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	// Forms of one entry of role e: without a value, with bytes, with a total.
	plain, put, total := []byte{0xa8, 6}, []byte{0xaa, 6}, []byte{0xac, 6}
	two := func(name string, context []byte, b []byte) hostile {
		return hostile{name, 2, set, context, b}
	}
	return []hostile{
		two("replicas in the context", huge, []byte{0, 0}),
		two("intervals in the context", slices.Concat([]byte{1}, id, huge), []byte{0, 0}),
		two("runs of live dots", all, huge),
		two("gap before a run of live dots", all, body([]byte{1}, huge, []byte{0})),
		two("length of a run of live dots", all, body([]byte{1, 0}, huge)),
		two("inner nodes", all, body(dot, huge)),
		two("parent of an inner node", all, body(dot, []byte{1}, huge, []byte{1, 'k'})),
		two("length of a segment", all, body(dot, []byte{1, 1}, huge)),
		two("node of an entry", all, body(dot, []byte{0}, huge)),
		two("run of nodes", all, body(dot, []byte{0, 5}, huge)),
		two("form of an entry", all, body(dot, []byte{0, 2}, huge)),
		two("run of forms", all, body(dot, []byte{0, 2, 0xa9, 6}, huge)),
		two("length of a content", all, body(dot, []byte{0, 2}, plain, huge)),
		two("run of lengths", all, body(dot, []byte{0, 2}, plain, []byte{3}, huge)),
		two("length of a value", all, body(dot, []byte{0, 2}, put, []byte{0}, huge)),
		two("run of lengths of values", all, body(dot, []byte{0, 2}, put, []byte{0, 3}, huge)),
		two("start of a run", all, body(dot, []byte{0, 2}, total, []byte{0}, huge)),
		two("runs closed", all, body(dot, []byte{0, 2}, total, []byte{0, 0}, huge)),
		two("places of bases", all, body([]byte{0, 0}, huge)),
		two("node of bases", all, body([]byte{0, 0, 1}, huge)),
		two("length of a segment with bases", all, body([]byte{0, 0, 1, 1}, huge)),
		two("bases", all, body([]byte{0, 0, 1, 0, 0}, huge)),

		{"rows", 2, "pncounter", nil, huge},
		{"rows", 2, "gcounter", nil, huge},
		{"cells", 2, "boundedcounter", nil, huge},
		{"elements", 2, grownKind.Name, nil, huge},
		{"length of an element", 2, grownKind.Name, nil, append([]byte{1}, huge...)},
		{"keys", 2, nestedKind.Name, nil, huge},
		{"length of a key", 2, nestedKind.Name, nil, append([]byte{1}, huge...)},
		{"elements of an own lattice", 2, gsetKind.Name, nil, huge},
	}
}

// A short frame that claims much allocates little, and the error tells the byte.
func TestHostileCounts(t *testing.T) {
	kinds := []crdt.AnyKind{gsetKind, grownKind, nestedKind}
	for _, h := range hostiles() {
		f := h.frame()
		if len(f) > 100 {
			t.Fatalf("%s: frame of %d bytes", h.name, len(f))
		}
		var err error
		if n := allocated(func() { _, err = untyped.DecodeObject(f, kinds...) }); n > 16<<10 || !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("version %d, %s: %d bytes allocate %d: %v, want ErrCorrupt", h.format, h.name, len(f), n, err)
		}
		var at *wire.Error
		if !errors.As(err, &at) || at.Offset > len(f) || h.context != nil && at.Offset < 10 {
			t.Errorf("version %d, %s: %v does not tell the byte of %d", h.format, h.name, err, len(f))
		}
	}
	f := append([]byte{0x96, untyped.FrameVersion, 0xa1, 'k', 1, 0xc0, 0xc6, 0x7f, 0xff, 0xff, 0xff}, make([]byte, 80)...)
	if n := allocated(func() { _, _ = untyped.DecodeObject(f) }); n > 16<<10 {
		t.Errorf("a body said to be of 2 GB allocates %d", n)
	}
}

// The most entries that a frame of a megabyte can hold take a few times its size.
func TestHostileEntries(t *testing.T) {
	const n = 1 << 20
	id := []byte{0, 0, 0, 0, 0, 0, 0, 1}
	run := wire.AppendUvarint(nil, n-1)
	again := wire.AppendUvarint(nil, n-2)
	f := hostile{
		format: 2, kind: "awset<string>",
		context: slices.Concat([]byte{1}, id, []byte{1, 0}, run),
		body: slices.Concat([]byte{1, 0}, run, []byte{0, 3}, again, []byte{0xa9, 6}, again,
			make([]byte, n), // each content is empty
			[]byte{0}),
	}.frame()
	var err error
	got := allocated(func() { _, err = crdt.DecodeFrame(crdt.AWSetKind(crdt.String), f) })
	if got > 48*uint64(len(f)) || err != nil {
		t.Errorf("a frame of %d bytes allocates %d (%v)", len(f), got, err)
	}
}

// Faults that only the codec or the type finds match ErrCorrupt too, whatever the
// codec returned.
func TestCodecFaults(t *testing.T) {
	t.Parallel()
	odd := crdt.Codec[string]{
		Name:   "string",
		Append: crdt.String.Append,
		Decode: func(b []byte) (string, error) {
			if bytes.HasPrefix(b, []byte("x")) {
				return "", errors.New("an x")
			}
			return string(b), nil
		},
	}
	s, g := crdt.AWSetKind(crdt.String), crdt.GSetKind(crdt.String)
	set, grow := s.New(), g.New()
	do(t, set, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	do(t, grow, writer(1), func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "x") })
	if _, err := crdt.DecodeFrame(crdt.AWSetKind(odd), frame(t, s, set)); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("an element that the codec refuses: %v, want ErrCorrupt", err)
	}
	if _, err := crdt.DecodeFrame(crdt.GSetKind(odd), frame(t, g, grow)); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("an element that the codec refuses: %v, want ErrCorrupt", err)
	}
	if _, err := untyped.DecodeObject(frame(t, g, grow), crdt.GSetKind(odd)); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("an element that the codec refuses: %v, want ErrCorrupt", err)
	}
}
