package crdt_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A conflict can be resolved while its values are walked: those removed
// meanwhile are skipped, the new one is not visited.
func TestSetWhileWalkingValues(t *testing.T) {
	t.Parallel()
	a, b := crdt.MVRegisterKind(crdt.String).New(), crdt.MVRegisterKind(crdt.String).New()
	set := func(v string) func(*crdt.Tx, *crdt.MVRegister[string]) {
		return func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, v) }
	}
	a.Merge(do(t, b, writer(2), set("b")))
	b = crdt.MVRegisterKind(crdt.String).New()
	a.Merge(do(t, b, writer(3), set("c")))
	var saw []string
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("Set while walking Values panics: %v", r)
		}
	}()
	do(t, a, writer(1), func(tx *crdt.Tx, r *crdt.MVRegister[string]) {
		for v := range r.Values() {
			saw = append(saw, v)
			r.Set(tx, v+"!")
		}
	})
	if !slices.Equal(saw, []string{"b"}) {
		t.Errorf("Values visited %v, want b alone", saw)
	}
}

// Fields skips what is removed while it is walked, as AWSet.All does.
func TestRemoveWhileWalkingFields(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	saw := 0
	do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) {
		a.tags.In(d).Add(tx, "x")
		a.balance.In(d).Add(tx, 1)
		for range d.Fields() {
			saw++
			d.Clear(tx)
		}
	})
	if saw != 1 {
		t.Errorf("Fields visited %d fields, of which all but one were removed", saw)
	}
}

// Removing a field that is not there checks the transaction all the same.
func TestRemoveOfAbsentFieldAfterTheEnd(t *testing.T) {
	t.Parallel()
	d := crdt.DocKind().New()
	var ended *crdt.Tx
	do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { ended = tx })
	panics(t, "Doc.Remove", "after its end", func() { d.Remove(ended, "absent") })
}

// "Map keys are sorted": equal values have equal bytes, and what was encoded can
// be decoded.
func TestMsgPackMapsAreCanonical(t *testing.T) {
	t.Parallel()
	type tags struct{ Of map[string]int }
	c := crdt.MsgPack[tags]("tags")
	v := tags{map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}}
	want, _ := c.Append(nil, v)
	for range 50 {
		got, err := c.Append(nil, v)
		if !bytes.Equal(got, want) || err != nil {
			t.Fatalf("one value has bytes %x and %x (%v)", got, want, err)
		}
		if _, err := c.Decode(got); err != nil {
			t.Fatalf("Decode of encoded bytes: %v", err)
		}
	}
}

// A hostile length does not make a decoder allocate far beyond its input. (With
// the length 0x7fffffff in place of 0x000fffff, "array" ends the process.)
func TestMsgPackHostileLength(t *testing.T) {
	claim := func(head byte) []byte { return []byte{head, 0x00, 0x0f, 0xff, 0xff} }
	tests := []struct {
		name   string
		in     []byte
		decode func([]byte) error
	}{
		{"array", claim(0xdd), decoding[any]},
		{"map", claim(0xdf), decoding[any]},
		{"strings", claim(0xdd), decoding[[]string]},
		{"ints", claim(0xdd), decoding[[]int]},
		{"typed map", claim(0xdf), decoding[map[string]int]},
		{"string", claim(0xdb), decoding[string]},
		{"bytes", claim(0xc6), decoding[[]byte]},
	}
	for _, tt := range tests {
		if n := allocated(func() { _ = tt.decode(tt.in) }); n > 1<<16 {
			t.Errorf("%s: %d bytes of input allocate %d", tt.name, len(tt.in), n)
		}
	}
}

// Hostile nesting does not overflow the stack, which no recover can catch. It is
// tried in a process of its own.
func TestMsgPackHostileDepth(t *testing.T) {
	t.Parallel()
	if os.Getenv("DOVETAIL_DEPTH") != "" {
		if decoding[any](bytes.Repeat([]byte{0x91}, 4<<20)) == nil {
			t.Error("four million nested arrays were accepted")
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMsgPackHostileDepth$")
	cmd.Env = append(os.Environ(), "DOVETAIL_DEPTH=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("decoding nested arrays: %v: %.80s", err, out)
	}
}

func decoding[T any](b []byte) error {
	_, err := crdt.MsgPack[T]("hostile").Decode(b)
	return err
}

// A frame of a lattice without a context that has one is not canonical.
func TestContextOfALatticeWithout(t *testing.T) {
	t.Parallel()
	k := crdt.PNCounterKind()
	body, _ := k.Append(nil, k.New())
	f := pack{kind: k.Name, version: 1, context: []byte{0}, body: body}.frame()
	if s, err := crdt.DecodeFrame(k, f); err == nil {
		t.Errorf("DecodeFrame accepts\n%x, which encodes as\n%x", f, frame(t, k, s))
	}
}

// A frame of a causal kind without a context is not canonical, also if its kind
// is given.
func TestCausalKindWithoutContext(t *testing.T) {
	t.Parallel()
	k := crdt.CounterKind()
	content, _ := k.Append(nil, k.New())
	f := pack{kind: k.Name, version: 1, body: content}.frame()
	if o, err := untyped.DecodeObject(f, k); err == nil {
		again, _ := o.AppendFrame(nil)
		t.Errorf("DecodeObject accepts\n%x, which encodes as\n%x", f, again)
	}
}

func TestDecodeObjectLeavesItsArguments(t *testing.T) {
	t.Parallel()
	kinds := []crdt.AnyKind{crdt.CounterKind(), crdt.CounterKind()}
	_, _ = untyped.DecodeObject(frame(t, crdt.PNCounterKind(), crdt.PNCounterKind().New()), kinds[:1]...)
	if _, ok := kinds[1].(crdt.Kind[*crdt.Counter]); !ok {
		t.Errorf("DecodeObject overwrote the caller's slice with %T", kinds[1])
	}
}

func TestDecodeObjectErrorHasNoObject(t *testing.T) {
	t.Parallel()
	f := pack{kind: "counter", version: 1, context: []byte{9}, body: []byte{0, 0}}.frame()
	if o, err := untyped.DecodeObject(f); err == nil || o != nil {
		t.Errorf("DecodeObject = %v, %v, want no object and an error", o, err)
	}
}

// A nested Mutate of the same PNCounter must not lose an increment.
func TestNestedMutateOfPNCounter(t *testing.T) {
	t.Parallel()
	c, w := crdt.PNCounterKind().New(), writer(1)
	defer func() {
		if recover() == nil && c.Value() != 8 {
			t.Errorf("5 and, inside, 3 make %v; want 8 or a panic", c)
		}
	}()
	do(t, c, w, func(tx *crdt.Tx, work *crdt.PNCounter) {
		do(t, c, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 3) })
		work.Add(tx, 5)
	})
}

// Events that end beyond the largest number are the source's fault: an error.
func TestSourceEndsBeyondMaxSeq(t *testing.T) {
	t.Parallel()
	s := crdt.AWSetKind(crdt.String).New()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("Mutate panics: %v", r)
		}
	}()
	src := &liar{id: 1, ev: event(1, clock.MaxSeq, clock.MaxSeq-1)}
	if _, err := crdt.Mutate(s, src, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); s.Add(tx, "y"); return nil }); err == nil {
		t.Error("Mutate accepted two events from the last number on")
	}
}

// A copy made in a transaction can be encoded, or making it panics; it must not
// come apart later.
func TestCloneInTransaction(t *testing.T) {
	t.Parallel()
	s := crdt.AWSetKind(crdt.String).New()
	var c *crdt.AWSet[string]
	func() {
		defer func() { _ = recover() }() // a Clone that refuses is fine
		do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x"); c = s.Clone() })
	}()
	if c == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("AppendFrame of a copy made in a transaction panics: %v", r)
		}
	}()
	frame(t, crdt.AWSetKind(crdt.String), c)
}

// A transaction goes on with the total that is all there is in a value that was just read, makes the first place below
// another, and then ends everything: its own total too. The simulator found it (soak, seed 302).
func TestClearAfterAddsAtTwoDepths(t *testing.T) {
	t.Parallel()
	balance := crdt.NewField("balance", crdt.CounterKind())
	funds := crdt.NewField("funds", crdt.AWMapKind(crdt.String, crdt.CounterKind()))
	kind := crdt.DocKind(balance, funds)
	w, account := writer(1), kind.New()
	do(t, account, w, func(tx *crdt.Tx, d *crdt.Doc) { balance.In(d).Add(tx, 7) })
	frame, err := crdt.AppendFrame(nil, kind, account)
	if err != nil {
		t.Fatal(err)
	}
	if account, err = crdt.DecodeFrame(kind, frame); err != nil {
		t.Fatal(err)
	}
	do(t, account, w, func(tx *crdt.Tx, d *crdt.Doc) {
		balance.In(d).Add(tx, 1)
		funds.In(d).At("USD").Add(tx, 1)
		d.Clear(tx)
	})
	if v := balance.In(account).Value(); v != 0 {
		t.Errorf("balance is %d after all was cleared", v)
	}
}
