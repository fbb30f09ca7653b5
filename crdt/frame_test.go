package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Every frame that is cut or has a byte changed is refused, with an error that
// can be told apart.
func TestDamagedFrames(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		refuseDamage(t, g.name, g.frame,
			func(f []byte) error { _, err := g.again(f, untyped.FrameVersion); return err },
			func(f []byte) error { _, err := untyped.DecodeObject(f); return err })
	}
}

// Frames whose checksum is right and that say something wrong.
func TestHostileFrames(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.String)
	s := k.New()
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	good, _, err := unpack(frame(t, k, s))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*pack)) []byte { p := good; change(&p); return p.frame() }
	// raw replaces, in the good frame without its checksum, the first old by new.
	raw := func(old, replacement string) []byte {
		f := frame(t, k, s)
		return sealed([]byte(strings.Replace(string(f[:len(f)-6]), old, replacement, 1)))
	}
	name := "\xad" + k.Name // fixstr of 13 bytes
	ctx := "\xc4" + string(byte(len(good.context))) + string(good.context)
	body := "\xc4" + string(byte(len(good.body))) + string(good.body)
	noSum := frame(t, k, s)
	noSum = noSum[:len(noSum)-6]
	tests := []struct {
		name string
		in   []byte
		want error
	}{
		{"the good frame", with(func(*pack) {}), nil},
		{"another kind", with(func(p *pack) { p.kind = "counter" }), crdt.ErrKind},
		{"another element type", with(func(p *pack) { p.kind = "awset<bytes>" }), crdt.ErrKind},
		{"newer format", with(func(p *pack) { p.format = untyped.FrameVersion + 1 }), crdt.ErrVersion},
		{"newest format", with(func(p *pack) { p.format = 127 }), crdt.ErrVersion},
		{"format that is no small integer", with(func(p *pack) { p.format = 128 }), crdt.ErrCorrupt},
		{"negative format", with(func(p *pack) { p.format = -1 }), crdt.ErrCorrupt},
		{"newer kind", with(func(p *pack) { p.version = 2 }), crdt.ErrVersion},
		{"kind version 0", with(func(p *pack) { p.version = 0 }), crdt.ErrCorrupt},
		{"kind version 128", with(func(p *pack) { p.version = 128 }), crdt.ErrCorrupt},
		{"no kind", with(func(p *pack) { p.kind = "" }), crdt.ErrCorrupt},
		{"kind not UTF-8", with(func(p *pack) { p.kind = "\xff" }), crdt.ErrCorrupt},
		{"kind too long", with(func(p *pack) { p.kind = strings.Repeat("k", envelope.MaxName+1) }), crdt.ErrCorrupt},
		{"kind as long as can be", with(func(p *pack) { p.kind = strings.Repeat("k", envelope.MaxName) }), crdt.ErrKind},
		{"no context", with(func(p *pack) { p.context = nil }), crdt.ErrCorrupt},
		{"empty context bytes", with(func(p *pack) { p.context = []byte{} }), crdt.ErrCorrupt},
		{"no body", with(func(p *pack) { p.body = nil }), crdt.ErrCorrupt},
		{"context without the live dot", with(func(p *pack) { p.context = []byte{0} }), crdt.ErrCorrupt},
		{"byte behind the context", with(func(p *pack) { p.context = append(bytes.Clone(p.context), 0) }), crdt.ErrCorrupt},
		{"byte behind the body", with(func(p *pack) { p.body = append(bytes.Clone(p.body), 0) }), crdt.ErrCorrupt},
		{"array of seven", raw("\x96", "\x97"), crdt.ErrCorrupt},
		{"array16 of six", raw("\x96", "\xdc\x00\x06"), crdt.ErrCorrupt},
		{"long format version", raw("\x96\x02", "\x96\xcc\x02"), crdt.ErrCorrupt},
		{"str8 for a short name", raw(name, "\xd9\x0d"+k.Name), crdt.ErrCorrupt},
		{"str16 for a short name", raw(name, "\xda\x00\x0d"+k.Name), crdt.ErrCorrupt},
		{"str32 for a short name", raw(name, "\xdb\x00\x00\x00\x0d"+k.Name), crdt.ErrCorrupt},
		{"binary name", raw(name, "\xc4\x0d"+k.Name), crdt.ErrCorrupt},
		{"bin16 for a short context", raw(ctx, "\xc5\x00"+ctx[1:]), crdt.ErrCorrupt},
		{"bin32 for a short body", raw(body, "\xc6\x00\x00\x00"+body[1:]), crdt.ErrCorrupt},
		{"string as body", raw(body, "\xd9"+body[1:]), crdt.ErrCorrupt},
		{"checksum of three bytes", append(bytes.Clone(noSum), 0xc4, 3, 0, 0, 0), crdt.ErrCorrupt},
		{"no checksum", append(bytes.Clone(noSum), 0xc0), crdt.ErrCorrupt},
		{"checksum of zero", append(bytes.Clone(noSum), 0xc4, 4, 0, 0, 0, 0), crdt.ErrCorrupt},
		{"nothing", nil, crdt.ErrCorrupt},
	}
	for _, tt := range tests {
		if _, err := crdt.DecodeFrame(k, tt.in); !errors.Is(err, tt.want) {
			t.Errorf("%s: DecodeFrame = %v, want %v", tt.name, err, tt.want)
		}
	}
}

// What does not fit a frame is refused when it is written.
func TestFrameLimits(t *testing.T) {
	k := crdt.AWSetKind(crdt.Bytes)
	s := k.New()
	for i := range byte(2) {
		do(t, s, writer(clock.ReplicaID(i+1)), func(tx *crdt.Tx, s *crdt.AWSet[[]byte]) { s.Add(tx, append(make([]byte, crdt.MaxFrame/2), i)) })
	}
	if _, err := crdt.AppendFrame(nil, k, s); err == nil {
		t.Error("AppendFrame wrote a frame of more than MaxFrame")
	}
	if _, err := crdt.DecodeFrame(k, make([]byte, crdt.MaxFrame+1)); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("DecodeFrame of more than MaxFrame = %v, want ErrCorrupt", err)
	}
	for _, size := range []int{10, 300, 70_000} { // bin8, bin16, bin32
		s := k.New()
		do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[[]byte]) { s.Add(tx, make([]byte, size)) })
		f := frame(t, k, s)
		if back, err := crdt.DecodeFrame(k, f); err != nil || !back.Equal(s) {
			t.Errorf("DecodeFrame of %d bytes = %v", len(f), err)
		}
		checkEnvelope(t, f, untyped.FrameVersion)
	}
	own := gsetKind
	for _, version := range []int{0, -1, 128} {
		own.Version = version
		panics(t, "AppendFrame", fmt.Sprintf("version %d of kind", version), func() { _, _ = crdt.AppendFrame(nil, own, own.New()) })
	}
	for _, name := range []string{"", "\xff", strings.Repeat("k", envelope.MaxName+1)} {
		own.Version, own.Name = 1, name
		panics(t, "AppendFrame", "crdt: kind name", func() { _, _ = crdt.AppendFrame(nil, own, own.New()) })
	}
	prefix := []byte("prefix")
	if f, _ := crdt.AppendFrame(prefix, gsetKind, gsetKind.New()); !bytes.Equal(f, append(prefix, frame(t, gsetKind, gsetKind.New())...)) {
		t.Error("AppendFrame behind a prefix writes something else")
	}
}
