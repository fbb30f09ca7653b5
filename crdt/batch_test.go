package crdt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

func batchOf(tb testing.TB, frames ...[]byte) []byte {
	tb.Helper()
	b, err := untyped.AppendBatch(nil, frames...)
	if err != nil {
		tb.Fatalf("AppendBatch: %v", err)
	}
	return b
}

// framesOf returns copies of the frames of a batch.
func framesOf(tb testing.TB, b []byte) [][]byte {
	tb.Helper()
	batch, err := untyped.DecodeBatch(b)
	if err != nil {
		tb.Fatalf("DecodeBatch: %v\n%x", err, b)
	}
	all := [][]byte{}
	for i, f := range batch.Frames() {
		if i != len(all) {
			tb.Fatalf("frame %d is said to be %d", len(all), i)
		}
		all = append(all, bytes.Clone(f))
	}
	if len(all) != batch.Len() {
		tb.Fatalf("%d frames of %d", len(all), batch.Len())
	}
	return all
}

func sameFrames(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// everyFrame is the goldens of every version, frames that only a newer program
// can read, and deltas of several replicas, in an order that mixes them.
func everyFrame(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, g := range goldens() {
		all = append(all, g.frame, goldenFrame(tb, goldenPath(g.name, envelope.OldestVersion)), g.frame)
	}
	all = append(all, []byte{0x96, 3}, []byte{0x92, 0x7f, 1}, frame(tb, gsetKind, gsetKind.New()))
	all = append(all, deltas(tb, 50, 3)...)
	all = append(all, pack{kind: "who knows", version: 9, body: bytes.Repeat([]byte{7}, 70_000)}.frame())
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// deltas returns n deltas of one add each to sets of uint64, by several replicas
// on objects of their own.
func deltas(tb testing.TB, n, replicas int) [][]byte {
	tb.Helper()
	k := crdt.AWSetKind(crdt.Uint64)
	var all [][]byte
	for i := range replicas {
		w := crdt.NewWriter(clock.ReplicaID(0x0123456789abcdef*uint64(i+1)), wall)
		for j := range n / replicas {
			d := do(tb, k.New(), w, func(tx *crdt.Tx, s *crdt.AWSet[uint64]) { s.Add(tx, uint64(j)*0x9e3779b97f4a7c15) })
			all = append(all, frame(tb, k, d))
		}
	}
	return all
}

// objectDeltas returns n deltas of one add each to so many sets, in random order,
// by one writer who remembers its last event on each.
func objectDeltas(tb testing.TB, n, objects int) [][]byte {
	tb.Helper()
	k := crdt.AWSetKind(crdt.Uint64)
	w, r := crdt.NewWriter(replicaA, wall), rand.New(rand.NewPCG(1, 2))
	on := make([]crdt.Source, objects)
	var all [][]byte
	for range n {
		i := r.IntN(objects)
		if on[i] == nil {
			on[i] = w.On()
		}
		d := do(tb, k.New(), on[i], func(tx *crdt.Tx, s *crdt.AWSet[uint64]) { s.Add(tx, r.Uint64()) })
		all = append(all, frame(tb, k, d))
	}
	return all
}

// A batch is its frames, byte by byte, and has one form.
func TestBatch(t *testing.T) {
	t.Parallel()
	all := everyFrame(t)
	for n := range len(all) + 1 {
		b := batchOf(t, all[:n]...)
		if got := framesOf(t, b); !sameFrames(got, all[:n]) {
			t.Fatalf("batch of %d frames has others", n)
		}
		if again := batchOf(t, framesOf(t, b)...); !bytes.Equal(again, b) {
			t.Fatalf("batch of %d frames is\n%x, made again\n%x", n, b, again)
		}
	}
	b := batchOf(t, all...)
	batch, err := untyped.DecodeBatch(b)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for o, err := range batch.Objects(gsetKind) {
		want, wantErr := untyped.DecodeObject(all[i], gsetKind)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) && !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("frame %d: %v, want %v", i, err, wantErr)
		}
		if err == nil && !bytes.Equal(bytesOf(t, o), bytesOf(t, want)) {
			t.Errorf("frame %d is another object", i)
		}
		i++
	}
	if i != len(all) {
		t.Errorf("%d objects of %d frames", i, len(all))
	}
	prefix := []byte("prefix")
	if got, _ := untyped.AppendBatch(prefix, all...); !bytes.Equal(got, append(prefix, b...)) {
		t.Error("AppendBatch behind a prefix writes something else")
	}
	for range batch.Frames() { // can be left, and walked again
		break
	}
	for _, err := range batch.Objects() {
		_ = err
		break
	}
}

// Deltas cost the bytes of their element and few more.
func TestBatchSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		all  [][]byte
		most float64 // bytes a delta
	}{
		{"one writer", deltas(t, 1000, 1), 14.1},
		{"ten writers", deltas(t, 1000, 10), 14.2},
		{"many objects", objectDeltas(t, 1000, 300), 15.2},
	} {
		all := tt.all
		alone := len(slices.Concat(all...))
		b := batchOf(t, all...)
		each := float64(len(b)) / float64(len(all))
		t.Logf("%s: %.1f bytes a delta, %.1f alone", tt.name, each, float64(alone)/float64(len(all)))
		if each > tt.most {
			t.Errorf("%s: a delta takes %.2f bytes in a batch, want %v", tt.name, each, tt.most)
		}
	}
}

// An ordinary MessagePack decoder opens a batch.
func TestBatchIsMessagePack(t *testing.T) {
	t.Parallel()
	var v struct {
		_msgpack struct{} `msgpack:",as_array"`
		Format   int
		Kinds    []struct {
			_msgpack struct{} `msgpack:",as_array"`
			Name     string
			Version  int
			Context  bool
		}
		Replicas, Frames, Sum []byte
	}
	b := batchOf(t, everyFrame(t)...)
	if err := msgpack.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if v.Format != untyped.FrameVersion || len(v.Kinds) < 10 || len(v.Replicas) == 0 || len(v.Sum) != 4 {
		t.Errorf("an ordinary decoder reads %+v", v)
	}
	again, err := msgpack.Marshal(v)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("an ordinary encoder writes\n%x (%v), want\n%x", again, err, b)
	}
}

func TestBatchOfManyKinds(t *testing.T) {
	t.Parallel()
	for _, n := range []int{15, 16, 70_000} {
		var all [][]byte
		for i := range n {
			all = append(all, pack{kind: fmt.Sprint("kind", i), version: 1, body: []byte{}}.frame())
		}
		if got := framesOf(t, batchOf(t, all...)); !sameFrames(got, all) {
			t.Errorf("batch of %d kinds has other frames", n)
		}
	}
}

// What is not a frame does not get a good checksum by being put into a batch.
func TestBatchRefusesFrames(t *testing.T) {
	t.Parallel()
	good := goldens()[0].frame
	bad := bytes.Clone(good)
	bad[len(bad)-1]++
	old := bytes.Clone(goldenFrame(t, goldenPath("awset", envelope.OldestVersion)))
	old[30]++
	for name, f := range map[string][]byte{
		"nothing":               {},
		"an array":              {0x96},
		"a wrong checksum":      bad,
		"an older frame, wrong": old,
		"a frame and more":      append(bytes.Clone(good), 0),
		"a context cut":         pack{kind: "k", version: 1, context: []byte{1}, body: []byte{0}}.frame(),
		"a batch":               batchOf(t, good),
	} {
		if b, err := untyped.AppendBatch(nil, good, f); !errors.Is(err, crdt.ErrCorrupt) || b != nil {
			t.Errorf("AppendBatch of %s = %x, %v, want ErrCorrupt", name, b, err)
		}
	}
	large := pack{kind: "k", version: 1, body: make([]byte, crdt.MaxFrame/2)}.frame()
	if _, err := untyped.AppendBatch(nil, large, large); err == nil {
		t.Error("AppendBatch of more than MaxFrame made a batch")
	}
}

// Every batch that is cut or has a byte changed is refused.
func TestDamagedBatch(t *testing.T) {
	t.Parallel()
	good := batchOf(t, append(deltas(t, 6, 2), goldens()[3].frame)...)
	refuseDamage(t, "batch", good, func(b []byte) error { _, err := untyped.DecodeBatch(b); return err })
}

// rawBatch is a batch with a right checksum, whatever it says.
func rawBatch(kinds, ids, frames string) []byte {
	bin := func(b []byte, s string) []byte { return append(append(b, 0xc4, byte(len(s))), s...) }
	return sealed(bin(bin(append([]byte{0x95, untyped.FrameVersion}, kinds...), ids), frames))
}

// hostileBatch says something with a right checksum; if not ok it says something
// wrong, or in another way than AppendBatch.
type hostileBatch struct {
	name, kinds, ids, frames string
	ok                       bool
}

func (h hostileBatch) batch() []byte { return rawBatch(h.kinds, h.ids, h.frames) }

const (
	oneKind   = "\x91\x93\xa1k\x01\xc2" // k, without a context
	oneCausal = "\x91\x93\xa1k\x01\xc3"
	id1       = "\x00\x00\x00\x00\x00\x00\x00\x01"
	id2       = "\x00\x00\x00\x00\x00\x00\x00\x02"
	huge      = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
)

var hostileBatches = []hostileBatch{
	{"no frame", "\x90", "", "\x00", true},
	{"a frame", oneKind, "", "\x01\x02\x00\x01x", true},
	{"frames alike", oneKind, "", "\x02\x02\x00\x01x\x02\x01\x00", true},
	{"a causal frame", oneCausal, id1, "\x01\x02\x01\x00\x01\x00\x00\x00\x01\x00", true},
	{"a delta", oneCausal, id1, "\x01\x03\x00\x00\x00\x00\x01x", true},
	{"a newer frame", "\x90", "", "\x01\x00\x02\x96\x03", true},
	{"an older frame cut", "\x90", "", "\x01\x00\x02\x96\x01", false},
	{"nothing", "\x90", "", "", false},
	{"more frames than there are", oneKind, "", "\x02\x02\x00\x01x", false},
	{"fewer frames than there are", oneKind, "", "\x00\x02\x00\x01x", false},
	{"huge number of frames", oneKind, "", huge + "\x02\x00\x01x", false},
	{"kind 2 of 1", oneKind, "", "\x01\x04\x00\x01x", false},
	{"huge kind", oneKind, "", "\x01" + huge + "\x00\x01x", false},
	{"kind not used", oneKind, "", "\x00", false},
	{"kinds used out of order", "\x92\x93\xa1k\x01\xc2\x93\xa1l\x01\xc2", "", "\x02\x04\x00\x01x\x02\x00\x01x", false},
	{"kind twice", "\x92\x93\xa1k\x01\xc2\x93\xa1k\x01\xc2", "", "\x02\x02\x00\x01x\x04\x00\x01x", false},
	{"kind without a name", "\x91\x93\xa0\x01\xc2", "", "\x01\x02\x00\x01x", false},
	{"kind of version 0", "\x91\x93\xa1k\x00\xc2", "", "\x01\x02\x00\x01x", false},
	{"kind with nil for context", "\x91\x93\xa1k\x01\xc0", "", "\x01\x02\x00\x01x", false},
	{"kind of four fields", "\x91\x94\xa1k\x01\xc2", "", "\x01\x02\x00\x01x", false},
	{"huge table of kinds", "\xdd\x7f\xff\xff\xff", "", "\x00", false},
	{"table of kinds not in its shortest form", "\xdc\x00\x01" + oneKind[1:], "", "\x01\x02\x00\x01x", false},
	{"table of kinds that is none", "\xc0", "", "\x00", false},
	{"replica not used", oneKind, id1, "\x01\x02\x00\x01x", false},
	{"replica 0", oneCausal, "\x00\x00\x00\x00\x00\x00\x00\x00", "\x01\x03\x00\x00\x00\x00\x01x", false},
	{"replica twice", oneCausal, id1 + id1, "\x02\x03\x00\x00\x00\x00\x01x\x03\x01\x00\x00\x01\x00", false},
	{"replicas used out of order", oneCausal, id1 + id2, "\x02\x03\x01\x00\x00\x00\x01x\x03\x00\x00\x00\x01\x00", false},
	{"half a replica", oneCausal, id1 + "\x00\x00", "\x01\x03\x00\x00\x00\x00\x01x", false},
	{"replica 1 of 1", oneCausal, id1, "\x01\x03\x01\x00\x00\x00\x01x", false},
	{"a dot of a kind without a context", oneKind, id1, "\x01\x03\x00\x00\x00\x00\x01x", false},
	{"a dot as any frame", oneCausal, id1, "\x01\x02\x01\x00\x01\x00\x00\x00\x04\x01\x00\x00x", false},
	{"rows out of order", oneCausal, id2 + id1, "\x01\x02\x02\x00\x01\x00\x00\x01\x01\x00\x00\x00\x01\x00", false},
	{"row twice", oneCausal, id1, "\x01\x02\x02\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00", false},
	{"row without intervals", oneCausal, id1, "\x01\x02\x01\x00\x00\x00\x01\x00", false},
	{"number 0", oneCausal, id1, "\x01\x03\x00\x01\x00\x00\x01x", false},
	{"interval from 0", oneCausal, id1, "\x01\x03\x00\x00\x01\x00\x01x", false},
	{"number above all", oneCausal, id1, "\x01\x03\x00\xfe" + huge[1:] + "\x01\x00\x00\x01x", false},
	{"huge interval", oneCausal, id1, "\x01\x03\x00\x00" + huge + "\x00\x01x", false},
	{"intervals side by side", oneCausal, id1, "\x01\x02\x01\x00\x02\x00\x00\x00\x00\x00\x01\x00", false},
	{"intervals descending", oneCausal, id1, "\x01\x02\x01\x00\x02\x06\x00\x05\x00\x00\x01\x00", false},
	{"less shared than could be", oneKind, "", "\x02\x02\x00\x01x\x02\x00\x01x", false},
	{"more shared than there is", oneKind, "", "\x02\x02\x00\x01x\x02\x02\x00", false},
	{"shared with nothing", oneKind, "", "\x01\x02\x01\x00", false},
	{"the end shared before the front", oneKind, "", "\x02\x02\x00\x01x\x02\x20\x00", false},
	{"length of a body", oneKind, "", "\x01\x02\x00" + huge, false},
	{"a whole frame of this format", "\x90", "", "\x01\x00\x02\x96\x02", false},
	{"a whole frame of no format", "\x90", "", "\x01\x00\x02\x96\x00", false},
	{"a whole frame that is no array", "\x90", "", "\x01\x00\x02\x86\x03", false},
	{"a whole frame of a byte", "\x90", "", "\x01\x00\x01\x96", false},
	{"byte behind the frames", oneKind, "", "\x01\x02\x00\x01x\x00", false},
}

func TestHostileBatches(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileBatches {
		b := tt.batch()
		var err error
		if _, err = untyped.DecodeBatch(b); (err == nil) != tt.ok || err != nil && !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("%s: DecodeBatch(%x) = %v, want no error %t", tt.name, b, err, tt.ok)
		}
		var at *wire.Error
		if err != nil && (!errors.As(err, &at) || at.Offset > len(b)) {
			t.Errorf("%s: %v does not tell the byte", tt.name, err)
		}
	}
	if _, err := untyped.DecodeBatch([]byte{0x95, untyped.FrameVersion + 1}); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("DecodeBatch of a newer format = %v, want ErrVersion", err)
	}
	if _, err := untyped.DecodeBatch(make([]byte, crdt.MaxFrame+1)); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("DecodeBatch of more than MaxFrame = %v, want ErrCorrupt", err)
	}
}

// A short batch does not stand for more than MaxFrame bytes of frames.
func TestBatchBomb(t *testing.T) {
	name := strings.Repeat("k", envelope.MaxName)
	kinds := append([]byte{0x91, 0x93, 0xda, envelope.MaxName >> 8, envelope.MaxName & 0xff}, name...)
	kinds = append(kinds, 1, 0xc2)
	const n = 1 << 19
	records := append(wire.AppendUvarint(nil, n), bytes.Repeat([]byte{2, 0, 0}, n)...)
	b := append([]byte{0x95, untyped.FrameVersion}, kinds...)
	b = binary.BigEndian.AppendUint32(append(b, 0xc4, 0, 0xc6), uint32(len(records)))
	b = sealed(append(b, records...))
	var err error
	if got := allocated(func() { _, err = untyped.DecodeBatch(b) }); got > 64<<10 || !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("a batch of %d bytes for %d frames of %d allocates %d: %v, want ErrCorrupt", len(b), n, len(name), got, err)
	}
}

func TestGoldenBatch(t *testing.T) {
	t.Parallel()
	const path = "testdata/golden/batch-v2.hex"
	var all [][]byte
	for _, g := range goldens() {
		all = append(all, goldenFrame(t, goldenPath(g.name, 2)))
	}
	all = append(all, deltas(t, 6, 2)...)
	if *update {
		if err := os.WriteFile(path, []byte(lines(batchOf(t, all...))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := goldenFrame(t, path)
	if got := batchOf(t, all...); !bytes.Equal(got, want) {
		t.Errorf("batch is\n%x, want\n%x", got, want)
	}
	if !sameFrames(framesOf(t, want), all) {
		t.Error("the golden batch has other frames")
	}
}

func BenchmarkBatch(b *testing.B) {
	all := deltas(b, 1000, 1)
	enc := batchOf(b, all...)
	each := func(b *testing.B) {
		b.Helper()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/delta")
		b.ReportMetric(float64(len(enc))/float64(len(all)), "B/delta")
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			out, _ = untyped.AppendBatch(out[:0], all...)
		}
		each(b)
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = untyped.DecodeBatch(enc)
		}
		each(b)
	})
	batch, _ := untyped.DecodeBatch(enc)
	b.Run("frames", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range batch.Frames() {
			}
		}
		each(b)
	})
	b.Run("objects", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range batch.Objects() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		each(b)
	})
}
