package layout_test

import (
	"bytes"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

func frames(ss ...string) (fs [][]byte) {
	for _, s := range ss {
		fs = append(fs, []byte(s))
	}
	return fs
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   string
	}{
		{"nothing", nil, "\x01"},
		{"a frame", frames("ab"), "\x01\x02ab"},
		{"an empty one", frames("", "c"), "\x01\x00\x01c"},
		{"a long one", frames(long), "\x01\xac\x02" + long},
	} {
		got, err := layout.AppendSnapshot([]byte("before"), tt.frames)
		if err != nil || string(got) != "before"+tt.want {
			t.Errorf("%s: AppendSnapshot = %q, %v, want %q", tt.name, got, err, tt.want)
			continue
		}
		back, err := layout.ReadSnapshot([]byte(tt.want))
		if err != nil || !slices.EqualFunc(back, tt.frames, bytes.Equal) {
			t.Errorf("%s: ReadSnapshot = %q, %v", tt.name, back, err)
		}
	}
}

func TestSnapshotRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, snapshot string }{
		{"nothing at all", ""},
		{"another version", "\x02\x01a"},
		{"a frame that ends early", "\x01\x02a"},
		{"a length that ends early", "\x01\x80"},
		{"a length beyond all memory", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
		{"a length in more bytes than it needs", "\x01\x81\x00a"},
		{"too many frames", "\x01" + strings.Repeat("\x00", 65)},
	} {
		if fs, err := layout.ReadSnapshot([]byte(tt.snapshot)); err == nil {
			t.Errorf("%s: ReadSnapshot = %q, want an error", tt.name, fs)
		}
	}
	most := make([][]byte, 64)
	if _, err := layout.AppendSnapshot(nil, most); err != nil {
		t.Errorf("AppendSnapshot of 64 frames: %v", err)
	}
	if b, err := layout.AppendSnapshot(nil, append(most, nil)); err == nil {
		t.Errorf("AppendSnapshot of 65 frames = %q, which ReadSnapshot refuses", b)
	}
}

// FuzzSnapshot reads any bytes as a snapshot: in little memory, and what is
// accepted is what would be written.
func FuzzSnapshot(f *testing.F) {
	for _, fs := range [][][]byte{nil, frames("ab"), frames("", "c"), {frameOf(accountKind.New())}} {
		b, err := layout.AppendSnapshot(nil, fs)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var fs [][]byte
		var err error
		frugal(t, len(b), func() { fs, err = layout.ReadSnapshot(b) })
		if err != nil {
			return
		}
		again, err := layout.AppendSnapshot(nil, fs)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("ReadSnapshot accepts\n%x, which is written as\n%x (%v)", b, again, err)
		}
	})
}

// frugal fails if f allocates more than a decoder may for n bytes of input.
func frugal(t *testing.T, n int, f func()) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	if got := sample[0].Value.Uint64() - before; got > 1<<20+64*uint64(n) {
		t.Fatalf("%d bytes allocate %d", n, got)
	}
}
