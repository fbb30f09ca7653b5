package crdt_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// With the rule that an LWW write ends its own replica's siblings, blind writes
// leave at most one a writer; MVRegister keeps them all.
func TestSeenSiblingsAreBounded(t *testing.T) {
	t.Parallel()
	lww, mv := 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var regs [3]*crdt.LWWRegister[string]
		var mvs [3]*crdt.MVRegister[string]
		var ws, vs [3]crdt.Source
		for i := range regs {
			regs[i], mvs[i] = crdt.LWWRegisterKind(crdt.String).New(), crdt.MVRegisterKind(crdt.String).New()
			ws[i], vs[i] = writer(clock.ReplicaID(i+1)), writer(clock.ReplicaID(i+1))
		}
		for range 30 {
			i, j := rng.IntN(3), rng.IntN(3)
			switch rng.IntN(4) {
			case 0:
				doSeen(t, regs[i], ws[i], blind(), func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") })
				doSeen(t, mvs[i], vs[i], blind(), func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") })
			case 1:
				do(t, regs[i], ws[i], func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") })
				do(t, mvs[i], vs[i], func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") })
			default:
				regs[i].Merge(regs[j])
				mvs[i].Merge(mvs[j])
			}
			n := 0
			for range regs[i].Siblings() {
				n++
			}
			lww, mv = max(lww, n), max(mv, mvs[i].Len())
		}
	}
	if lww > 3 || mv < 8 {
		t.Errorf("three writers left up to %d siblings in an LWWRegister, want 3; MVRegister up to %d, want more than 8", lww, mv)
	}
}

// The write of a register is stamped above what it ends of its own replica's, seen
// or not, and follows no sibling that it leaves.
func TestSeenStamp(t *testing.T) {
	t.Parallel()
	r := crdt.LWWRegisterKind(crdt.String).New()
	set := func(v string) func(*crdt.Tx, *crdt.LWWRegister[string]) {
		return func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, v) }
	}
	fast := &stamper{Source: writer(1), at: 1000}
	do(t, r, fast, set("own"))
	other := crdt.LWWRegisterKind(crdt.String).New()
	r.Merge(do(t, other, &stamper{Source: writer(3), at: 9000}, set("other")))
	fast.at = 10 // the clock was set back
	doSeen(t, r, fast, blind(), set("again"))
	if !slices.Equal(fast.over, []clock.Timestamp{1000}) {
		t.Errorf("a blind write was stamped over %v, want its own 1000 alone", fast.over)
	}
	if v, _ := r.Get(); v != "other" {
		t.Errorf("register shows %q, want the concurrent write with the later stamp", v)
	}
}

// stamper is a source whose clock says at, and remembers what it was to be above.
type stamper struct {
	crdt.Source
	at   clock.Timestamp
	over []clock.Timestamp
}

func (s *stamper) Stamp(over ...clock.Timestamp) clock.Timestamp {
	s.over = over
	return max(s.at, slices.Max(append(over, 0))+1)
}

// The write of a register or a flag that is the whole object names dead what the
// reader saw, also where nothing of it has come: it ends on arrival.
func TestSeenWholeObjectAheadOfItsReplica(t *testing.T) {
	t.Parallel()
	there, here := crdt.MVRegisterKind(crdt.String).New(), crdt.MVRegisterKind(crdt.String).New()
	set := func(v string) func(*crdt.Tx, *crdt.MVRegister[string]) {
		return func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, v) }
	}
	x := do(t, there, writer(1), set("x"))
	do(t, here, writer(2), set("here"))
	delta := doSeen(t, here, writer(3), seen(there), set("y"))
	over := there.Clone()
	do(t, over, writer(4), set("z"))
	unknown := do(t, crdt.MVRegisterKind(crdt.String).New(), writer(6), set("u"))
	token := crdt.ContextOf(there)
	token.Merge(crdt.ContextOf(unknown))
	d := doSeen(t, over, writer(5), crdt.Seen(token), set("y")) // what is dead here already is not named again
	if got, want := crdt.ContextOf(d).String(), "{0000000000000005:1 0000000000000006:1}"; got != want {
		t.Errorf("the delta names %s, want %s", got, want)
	}
	here.Merge(x)
	if got := slices.Sorted(here.Values()); !slices.Equal(got, []string{"here", "y"}) {
		t.Errorf("register holds %v, want here and y, which replaced x", got)
	}
	if there.Merge(delta); there.Len() != 1 {
		t.Errorf("where x was the register holds %v, want y alone", slices.Collect(there.Values()))
	}

	on, off := crdt.EWFlagKind().New(), crdt.EWFlagKind().New()
	enable := do(t, on, writer(1), func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) })
	delta2 := doSeen(t, off, writer(2), seen(on), func(tx *crdt.Tx, f *crdt.EWFlag) { f.Disable(tx) })
	if delta2.IsBottom() {
		t.Error("a disable of what has not come yet is no event")
	}
	if off.Merge(enable); off.IsEnabled() {
		t.Error("the flag is on, though the disable had seen the enable")
	}
}

// A token that knows a number of the writer that its source is about to use, or
// that its claim denies, gives a fault away: nothing is written.
func TestSeenOwnNumbers(t *testing.T) {
	t.Parallel()
	k := crdt.MVRegisterKind(crdt.String)
	set := func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "x"); return nil }
	token := &clock.Context{}
	token.Add(clock.Dot{Replica: 1, Seq: 7})
	for _, tt := range []struct {
		seq, after uint64
		want       error
	}{{7, 6, crdt.ErrReused}, {5, 4, crdt.ErrReused}, {9, 6, crdt.ErrClaim}, {9, 7, nil}} {
		r := k.New()
		_, err := crdt.Mutate(r, &liar{id: 1, ev: event(1, tt.seq, tt.after)}, set, crdt.Seen(token))
		if !errors.Is(err, tt.want) || (err != nil) != r.IsBottom() {
			t.Errorf("event %d after %d with a token of number 7 = %v, want %v", tt.seq, tt.after, err, tt.want)
		}
	}
}
