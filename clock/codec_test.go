package clock_test

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// codec is what every type of the package with a binary form implements.
type codec interface {
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// zero returns a new zero value of v's type.
func zero(v codec) codec { return reflect.New(reflect.TypeOf(v).Elem()).Interface().(codec) }

// equal compares what two values of one type mean, not how they are encoded.
func equal(a, b codec) bool {
	switch a := a.(type) {
	case *clock.Context:
		return a.Equal(b.(*clock.Context))
	case *clock.Vector:
		return a.Equal(b.(*clock.Vector))
	default:
		return reflect.DeepEqual(a, b)
	}
}

// values draws a value of each type with a binary form.
func values() *rapid.Generator[codec] {
	ids := rapid.Map(rapid.Uint64Min(1), func(n uint64) clock.ReplicaID { return clock.ReplicaID(n) })
	seqs := rapid.Uint64Range(1, clock.MaxSeq)
	dots := rapid.Custom(func(t *rapid.T) clock.Dot {
		return clock.Dot{Replica: ids.Draw(t, "replica"), Seq: seqs.Draw(t, "seq")}
	})
	events := rapid.Custom(func(t *rapid.T) clock.Event {
		d := dots.Draw(t, "dot")
		after := rapid.Uint64Range(0, d.Seq-1).Draw(t, "after")
		return clock.Event{Dot: d, After: after, Time: clock.Timestamp(rapid.Uint64().Draw(t, "time"))}
	})
	sets := rapid.Custom(func(t *rapid.T) *clock.Context {
		c := &clock.Context{}
		for range rapid.IntRange(0, 20).Draw(t, "ranges") {
			a, b := seqs.Draw(t, "a"), seqs.Draw(t, "b")
			id := rapid.OneOf(ids, rapid.Just(clock.ReplicaID(7))).Draw(t, "replica")
			c.AddRange(id, clock.Interval{Lo: min(a, b), Hi: max(a, b)})
		}
		return c
	})
	return rapid.Custom(func(t *rapid.T) codec {
		switch rapid.IntRange(0, 8).Draw(t, "type") {
		case 0:
			return new(ids.Draw(t, "id"))
		case 1:
			return new(dots.Draw(t, "dot"))
		case 2:
			return new(events.Draw(t, "event"))
		case 3:
			return new(clock.Ordering(rapid.IntRange(0, 3).Draw(t, "ordering")))
		case 4:
			return vectors().Draw(t, "vector")
		case 5:
			return contexts().Draw(t, "small context")
		case 6:
			return sets.Draw(t, "large context")
		case 7:
			return new(clock.Timestamp(rapid.Uint64().Draw(t, "timestamp")))
		default:
			tok, err := clock.SealToken(tokenKey, "k", contexts().Draw(t, "sealed"))
			if err != nil {
				t.Fatalf("SealToken = %v, want no error", err)
			}
			return &tok
		}
	})
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "value")
		b, err := v.MarshalBinary()
		if err != nil {
			t.Fatalf("%T %v: MarshalBinary: %v", v, v, err)
		}
		got := zero(v)
		if err := got.UnmarshalBinary(b); err != nil {
			t.Fatalf("%T %v: UnmarshalBinary(% x) = %v, want no error", v, v, b, err)
		}
		if !equal(got, v) {
			t.Fatalf("%T: UnmarshalBinary(% x) = %v, want %v", v, b, got, v)
		}
		checkAppend(t, v, b)
	})
}

// checkAppend checks that AppendBinary keeps what it appends to, whether or not
// there is room behind it.
func checkAppend(t interface{ Fatalf(string, ...any) }, v codec, enc []byte) {
	for _, room := range []int{0, len(enc) + 9} {
		prefix := append(make([]byte, 0, 3+room), "abc"...)
		got, err := v.AppendBinary(prefix)
		if want := append([]byte("abc"), enc...); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%T %v: AppendBinary(abc) = % x, %v, want % x", v, v, got, err, want)
		}
		if string(prefix) != "abc" {
			t.Fatalf("%T %v: AppendBinary overwrote its argument with % x", v, v, prefix)
		}
	}
}

func TestHLCRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wall := &wall{ms: rapid.Int64Range(0, 1<<47).Draw(t, "ms")}
		h := clock.NewHLC(wall.now, 0)
		last := h.Stamp()
		b, err := h.MarshalBinary()
		if want := fmt.Sprintf("%016x", uint64(last)); err != nil || fmt.Sprintf("%x", b) != want {
			t.Fatalf("clock that read %v: MarshalBinary() = %x, %v, want %s", last, b, err, want)
		}
		checkAppend(t, h, b)
	})
}
