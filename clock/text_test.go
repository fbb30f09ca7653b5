package clock_test

import (
	"encoding"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

var (
	_ encoding.TextAppender    = clock.ReplicaID(0)
	_ encoding.TextMarshaler   = clock.ReplicaID(0)
	_ encoding.TextUnmarshaler = (*clock.ReplicaID)(nil)
	_ encoding.TextMarshaler   = clock.Token{}
	_ encoding.TextUnmarshaler = (*clock.Token)(nil)
)

func TestReplicaIDText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := clock.ReplicaID(rapid.Uint64Min(1).Draw(t, "id"))
		b, err := id.MarshalText()
		if err != nil || string(b) != id.String() || len(b) != 16 {
			t.Fatalf("%v.MarshalText() = %s, %v, want %v", id, b, err, id)
		}
		var got clock.ReplicaID
		if err := got.UnmarshalText(b); err != nil || got != id {
			t.Fatalf("UnmarshalText(%s) = %v, %v, want %v", b, got, err, id)
		}
		if b, err := id.AppendText([]byte("at ")); err != nil || string(b) != "at "+id.String() {
			t.Fatalf("%v.AppendText(at ) = %s, %v, want the prefix kept", id, b, err)
		}
	})
}

func TestParseReplicaID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want clock.ReplicaID // 0 if it is refused
	}{
		{"0000000000000001", 1},
		{"0123456789abcdef", 0x0123456789abcdef},
		{"ffffffffffffffff", 1<<64 - 1},
		{"0000000000000000", 0},
		{"", 0},
		{"1", 0},
		{"000000000000001", 0},
		{"00000000000000001", 0},
		{"000000000000000g", 0},
		{"+000000000000001", 0},
		{"-000000000000001", 0},
		{" 000000000000001", 0},
		{"0x00000000000001", 0},
		{"0000_0000_0000_1", 0},
	} {
		got, err := clock.ParseReplicaID(tt.in)
		if got != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("ParseReplicaID(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
		id := clock.ReplicaID(5)
		if err := id.UnmarshalText([]byte(tt.in)); tt.want == 0 && (err == nil || id != 5) {
			t.Errorf("UnmarshalText(%q) left %v, %v, want an error and 5 as before", tt.in, id, err)
		}
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		got, want string
	}{
		{clock.ReplicaID(0).String(), "0000000000000000"},
		{clock.ReplicaID(0xab).String(), "00000000000000ab"},
		{clock.Dot{Replica: 0xab, Seq: 7}.String(), "00000000000000ab.7"},
		{clock.Equal.String(), "equal"},
		{clock.Before.String(), "before"},
		{clock.After.String(), "after"},
		{clock.Concurrent.String(), "concurrent"},
		{clock.Ordering(9).String(), "Ordering(9)"},
		{clock.Timestamp(0).String(), "1970-01-01T00:00:00.000Z+0"},
		{noon.String(), "2026-01-02T12:00:00.006Z+7"},
	} {
		if tt.got != tt.want {
			t.Errorf("String() = %v, want %v", tt.got, tt.want)
		}
	}
}
