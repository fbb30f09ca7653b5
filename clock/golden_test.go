package clock_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
)

var noon = clock.TimestampOf(time.Date(2026, 1, 2, 12, 0, 0, 6e6, time.UTC)) + 7

// goldens pins the bytes of every type. A change here is a change of format:
// what older versions stored and sent is no longer read.
var goldens = []struct {
	name  string
	value codec
	hex   string
}{
	{"replica/small", new(clock.ReplicaID(1)), "0000000000000001"},
	{"replica/large", new(clock.ReplicaID(0x0123456789abcdef)), "0123456789abcdef"},
	{"dot/first", &clock.Dot{Replica: 1, Seq: 1}, "0000000000000001 01"},
	{"dot/two bytes", &clock.Dot{Replica: 1, Seq: 300}, "0000000000000001 ac02"},
	{"dot/largest", &clock.Dot{Replica: 1<<64 - 1, Seq: clock.MaxSeq}, "ffffffffffffffff ffffffffffffffff7f"},
	{"event/first", &clock.Event{Dot: clock.Dot{Replica: 1, Seq: 1}}, "0000000000000001 01 01 00"},
	{
		"event/near claim",
		&clock.Event{Dot: clock.Dot{Replica: 1, Seq: 300}, After: 299, Time: 128},
		"0000000000000001 ac02 01 8001",
	},
	{
		"event/far claim",
		&clock.Event{Dot: clock.Dot{Replica: 1, Seq: 300}, Time: clock.MaxTimestamp},
		"0000000000000001 ac02 ac02 ffffffffffffffffff01",
	},
	{"ordering/equal", new(clock.Equal), "00"},
	{"ordering/before", new(clock.Before), "01"},
	{"ordering/after", new(clock.After), "02"},
	{"ordering/concurrent", new(clock.Concurrent), "03"},
	{"vector/empty", vec(""), "00"},
	{"vector/one", vec("1:7"), "01 0000000000000001 07"},
	{"vector/two", vec("2:300 1:7"), "02 0000000000000001 07 0000000000000002 ac02"},
	{"context/empty", ctx(""), "00"},
	{"context/prefix", ctx("1:1-7"), "01 0000000000000001 01 00 06"},
	{"context/gap", ctx("1:1-7,9"), "01 0000000000000001 02 0006 0000"},
	{"context/gaps", ctx("1:3,6-9,140-141"), "01 0000000000000001 03 0200 0103 810101"},
	{"context/two", ctx("2:5 1:1"), "02 0000000000000001 01 0000 0000000000000002 01 0400"},
	{"context/all", ctx("1:1-max"), "01 0000000000000001 01 00 feffffffffffffff7f"},
	{"context/ends", ctx("1:1,max"), "01 0000000000000001 02 0000 fcffffffffffffff7f00"},
	{"timestamp/zero", new(clock.Timestamp(0)), "0000000000000000"},
	{"timestamp/noon", &noon, "019b7e9432060007"},
	{"timestamp/largest", new(clock.MaxTimestamp), "ffffffffffffffff"},
	{"hlc/noon", readHLC(noon), "019b7e9432060007"},
	{"token/zero", &clock.Token{}, ""},
	{"token/empty", seal(""), "01 00 314614c79f82050e59b13f7fcc33c5a5"},
	{"token/gap", seal("1:1-7,9"), "01 01 0000000000000001 02 0006 0000 b9535c15d5d7f510a79608d5541dce15"},
}

// readHLC returns a clock whose last reading is t.
func readHLC(t clock.Timestamp) *clock.HLC {
	h := clock.NewHLC((&wall{ms: t.Time().UnixMilli()}).now, 0)
	h.Observe(t)
	return h
}

// seal returns the token of a context under tokenKey for the object "scope".
func seal(s string) *clock.Token {
	tok, err := clock.SealToken(tokenKey, "scope", ctx(s))
	if err != nil {
		panic(err)
	}
	return &tok
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := unhex(tt.hex)
			got := mustEncode(t, tt.value)
			if !bytes.Equal(got, want) {
				t.Fatalf("MarshalBinary(%v) = %x, want %x", tt.value, got, want)
			}
			checkAppend(t, tt.value, want)
			back := zero(tt.value)
			if err := back.UnmarshalBinary(want); err != nil {
				t.Fatalf("UnmarshalBinary(%x) = %v, want %v", want, err, tt.value)
			}
			if again := mustEncode(t, back); !bytes.Equal(again, want) {
				t.Errorf("UnmarshalBinary(%x) = %v, which has bytes %x", want, back, again)
			}
			if _, ok := back.(*clock.HLC); !ok && !equal(back, tt.value) {
				t.Errorf("UnmarshalBinary(%x) = %v, want %v", want, back, tt.value)
			}
		})
	}
}
