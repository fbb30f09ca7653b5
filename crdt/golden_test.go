package crdt_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

var update = flag.Bool("update", false, "rewrite the newest version in testdata/golden: a change of format, which old frames do not survive")

const (
	replicaA = clock.ReplicaID(0x0a0a0a0a0a0a0a0a)
	replicaB = clock.ReplicaID(0xb0b0b0b0b0b0b0b0)
)

// golden is a fixed history of two replicas and the frame that it must have.
type golden struct {
	name  string
	frame []byte // of FrameVersion
	kind  crdt.AnyKind
	// again decodes a frame as the golden's kind and encodes it.
	again func(frame []byte, format int) ([]byte, error)
}

// history runs A's change, then B's without having seen it, merges them at A and
// runs A's second change.
func history[S crdt.Lattice[S]](name string, k crdt.Kind[S], first, concurrent, second func(*crdt.Tx, S)) golden {
	a, b, wa, wb := k.New(), k.New(), writer(replicaA), writer(replicaB)
	mutate := func(s S, w crdt.Source, fn func(*crdt.Tx, S)) {
		if fn == nil {
			return
		}
		if _, err := crdt.Mutate(s, w, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil }); err != nil {
			panic(err)
		}
	}
	mutate(a, wa, first)
	mutate(b, wb, concurrent)
	a.Merge(b)
	mutate(a, wa, second)
	f, err := crdt.AppendFrame(nil, k, a)
	if err != nil {
		panic(err)
	}
	return golden{name, f, k, func(frame []byte, format int) ([]byte, error) {
		s, err := crdt.DecodeFrame(k, frame)
		if err != nil {
			return nil, err
		}
		o, err := untyped.ObjectOf(k, s)
		if err != nil {
			return nil, err
		}
		return o.AppendFrameVersion(nil, format)
	}}
}

func goldens() []golden {
	acc := newAccount()
	set, mv := crdt.AWSetKind(crdt.String), crdt.MVRegisterKind(crdt.Int64)
	type point struct{ X, Y int }
	points := crdt.LWWRegisterKind(crdt.MsgPack[point]("acme/point.v1"))
	type (
		strs = crdt.AWSet[string]
		ints = crdt.MVRegister[int64]
		mark = crdt.LWWRegister[point]
	)
	return []golden{
		history("counter-empty", crdt.CounterKind(), nil, nil, nil),
		history("counter", crdt.CounterKind(),
			func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) },
			func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, -300) },
			func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 2) }),
		history("counter-reset", crdt.CounterKind(),
			func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) },
			func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 7) },
			func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx); c.Add(tx, 1) }),
		history("pncounter", crdt.PNCounterKind(),
			func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 5) },
			func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -300) },
			func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -1) }),
		history("awset", set,
			func(tx *crdt.Tx, s *strs) { s.Add(tx, "milk"); s.Add(tx, "\xff") },
			func(tx *crdt.Tx, s *strs) { s.Add(tx, "eggs"); s.Add(tx, "milk") },
			func(tx *crdt.Tx, s *strs) { s.Remove(tx, "\xff") }),
		history("rwset", crdt.RWSetKind(crdt.String),
			func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "milk"); s.Add(tx, "eggs"); s.Remove(tx, "tea") },
			func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "milk"); s.Add(tx, "tea") },
			func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "eggs") }),
		history("ewflag", crdt.EWFlagKind(),
			func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) },
			func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) }, nil),
		history("dwflag", crdt.DWFlagKind(),
			func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) },
			func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) }, nil),
		history("mvregister", mv,
			func(tx *crdt.Tx, r *ints) { r.Set(tx, -1) },
			func(tx *crdt.Tx, r *ints) { r.Set(tx, 300) }, nil),
		history("lwwregister", points,
			func(tx *crdt.Tx, r *mark) { r.Set(tx, point{1, -2}) },
			func(tx *crdt.Tx, r *mark) { r.Set(tx, point{300, 4}) }, nil),
		history("awmap", fundsKind,
			func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 5); m.At("USD").Add(tx, 1) },
			func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 7) },
			func(tx *crdt.Tx, m *funds) { m.Remove(tx, "EUR") }),
		history("doc", acc.kind,
			func(tx *crdt.Tx, d *crdt.Doc) {
				acc.balance.In(d).Add(tx, 5)
				acc.tags.In(d).Add(tx, "x")
				acc.owner.In(d).Set(tx, "o")
			},
			func(tx *crdt.Tx, d *crdt.Doc) {
				acc.memo.In(d).Set(tx, "m")
				acc.funds.In(d).At("k").At("l").Add(tx, 9)
				acc.balance.In(d).Add(tx, 1)
			},
			func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "balance"); acc.funds.In(d).At("k").At("l").Add(tx, 1) }),
	}
}

// Every frame ever written is read for ever: it has the value that it had, and
// that value has these bytes in that version.
func TestGolden(t *testing.T) {
	t.Parallel()
	for format := envelope.OldestVersion; format <= untyped.FrameVersion; format++ {
		all := goldens()
		files, _ := filepath.Glob(goldenPath("*", format))
		if len(files) != len(all) && !*update {
			t.Errorf("version %d has %d golden frames, want %d", format, len(files), len(all))
		}
		for _, g := range all {
			t.Run(fmt.Sprintf("v%d/%s", format, g.name), func(t *testing.T) {
				t.Parallel()
				path := goldenPath(g.name, format)
				if *update && format == untyped.FrameVersion {
					if err := os.WriteFile(path, []byte(lines(g.frame)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				checkGolden(t, g, goldenFrame(t, path), format)
			})
		}
	}
}

func goldenPath(name string, format int) string {
	return fmt.Sprintf("testdata/golden/v%d/%s.hex", format, name)
}

func goldenFrame(tb testing.TB, path string) []byte {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func checkGolden(t *testing.T, g golden, want []byte, format int) {
	t.Helper()
	for _, from := range [][]byte{want, g.frame} {
		if got, err := g.again(from, format); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x\nin version %d is\n%x (%v), want\n%x", from, format, got, err, want)
		}
		if got, err := object(t, from).AppendFrameVersion(nil, format); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x\nas an object in version %d is\n%x (%v), want\n%x", from, format, got, err, want)
		}
	}
	if got, err := g.again(want, untyped.FrameVersion); err != nil || !bytes.Equal(got, g.frame) {
		t.Errorf("%x\nin the newest version is\n%x (%v), want\n%x", want, got, err, g.frame)
	}
	checkEnvelope(t, want, format)
}

// lines is b in hexadecimal, 32 bytes a line.
func lines(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		n := min(32, len(b))
		s.WriteString(hex.EncodeToString(b[:n]) + "\n")
		b = b[n:]
	}
	return s.String()
}

// checkEnvelope opens a frame with an ordinary MessagePack decoder.
func checkEnvelope(t *testing.T, frame []byte, format int) {
	t.Helper()
	p, sum, err := unpack(frame)
	if err != nil || p.format != format || p.version != 1 || p.body == nil {
		t.Errorf("an ordinary decoder reads %+v, %v", p, err)
	}
	if kind, err := untyped.FrameKind(frame); err != nil || kind != p.kind {
		t.Errorf("FrameKind = %q, %v, want %q", kind, err, p.kind)
	}
	end := len(frame) - 6 // bin8, length, four bytes
	if want := crc32.Checksum(frame[:end], crc32.MakeTable(crc32.Castagnoli)); binary.BigEndian.Uint32(sum) != want {
		t.Errorf("checksum is % x, want %08x over %d bytes", sum, want, end)
	}
	if again := p.frame(); !bytes.Equal(again, frame) {
		t.Errorf("an ordinary encoder writes\n%x, want\n%x", again, frame)
	}
}
