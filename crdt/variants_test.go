package crdt_test

import (
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// The rules of the types were found by breaking them in a model, whose experiments
// have these names. Each wrong rule that concerns values has a test here or there
// that fails with it; kernel is the package below.
//
//	1a'  every live total of a run counts        kernel TestLargestTotalOfARunCounts
//	1b   a map remove leaves no bases            TestRemoveKeepsUnseenAmounts
//	1c   or leaves them one level deep           TestRemoveKeepsUnseenAmounts
//	1e   a new run closes none                   kernel TestNewRunClosesOlder, TestResetsLeaveNoTrail
//	1f   a run seen dead is continued            TestSpecification, TestResetsLeaveNoTrail
//	1m   a run in doubt is continued             kernel TestDoubtStartsARunAndClosesNone
//	1n   a run after doubt closes all            kernel TestDoubtStartsARunAndClosesNone
//	1o   no dot for a remove of the absent       TestGates
//	1p   or for one of the removed               TestGates
//	1q   or for an add of the present            TestWritesOfTheSameAreEvents, TestGates, TestEWFlag
//	1r   tombstones are pruned at once           TestGates
//	1s'  with removes that are not stable        TestGates
//	1s'' with adds that are not stable           TestGates
//	1t   without the adds that they beat         TestGates
//	2c   a heal cut by a vector is not filled    kernel TestRawCutIsNotCanonical
//	2e   a cut by context leaves out bases       kernel TestCutByContextCarriesBases
//	3a   sums saturate                           kernel TestSumsWrap
//	3d   a token resets what moved on            TestSeen3dResetByTokenIsRefused
//	5a   a delta names what need not be named    kernel TestResetLeavesTotalsThatDoNotCount
//	5b   a failed transaction burns numbers      TestFailureUndoesEverything, kernel TestNumbers
//	6a   a name is removed in one kind           TestDocRemoveName
//	7d   a heal carries no bases                 kernel TestHealCarriesBases
//	7e   or those beside totals only             kernel TestHealCarriesBasesAlone
//	7f   kill lists of removes only              kernel TestHealNeedsEveryKillList, TestIncEndsOlderTotalsThatCameLate
//	7g   the whole context                       kernel TestHealCutsTheContext
//	8a   news lacks what is dead, or has more    kernel TestNews
//	9a   a bounded counter reads the plain sum   TestBounded9aSpendingBeforeItsGrant
//	9b   its delta is every row                  TestBounded9bDeltaIsTheChangedCells
//	9c   reads are exact in closed views         TestBounded9c9dHistories
//	4    a register keeps its writer's siblings  TestSeenSiblingsAreBounded
//	4    a write loses to what it overwrote      TestBugOfRecord/10
//	4    a clock follows any time                TestBugOfRecord/12, clock TestHLCStamp
//
// Laws and TestSpecification meet most of them too, by chance. Not here: 1d is
// another sound rule; 1g to 1k and 1v drop bases, which nothing does yet; 3b is a
// type that there is not.

// same is a write, over what a reader saw, of what is there already, against a
// concurrent removal of it.
type same[S crdt.Lattice[S]] struct {
	kind          crdt.Kind[S]
	write, remove func(*crdt.Tx, S)
	there         func(S) bool
}

// Writing what is there is an event: it survives the removal of what was there.
// (proofs-types 1q)
func TestWritesOfTheSameAreEvents(t *testing.T) {
	t.Parallel()
	same[*crdt.AWSet[string]]{
		cartKind,
		func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") },
		func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, "x") },
		func(s *crdt.AWSet[string]) bool { return s.Contains("x") },
	}.check(t)
	same[*crdt.LWWRegister[string]]{
		crdt.LWWRegisterKind(crdt.String),
		func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") },
		func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Clear(tx) },
		func(r *crdt.LWWRegister[string]) bool { v, ok := r.Get(); return ok && v == "x" },
	}.check(t)
	same[*crdt.MVRegister[string]]{
		crdt.MVRegisterKind(crdt.String),
		func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") },
		func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Clear(tx) },
		func(r *crdt.MVRegister[string]) bool { return slices.Equal(slices.Collect(r.Values()), []string{"x"}) },
	}.check(t)
	same[*nestedMap]{
		crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind())),
		func(tx *crdt.Tx, m *nestedMap) { m.At("k").At("l").Add(tx, 0) },
		func(tx *crdt.Tx, m *nestedMap) { m.Remove(tx, "k") },
		func(m *nestedMap) bool { return m.At("k").Contains("l") },
	}.check(t)
}

func (s same[S]) check(t *testing.T) {
	t.Helper()
	a, b, wa, wb := s.kind.New(), s.kind.New(), writer(1), writer(2)
	b.Merge(do(t, a, wa, s.write))
	again, removed := do(t, a, wa, s.write), do(t, b, wb, s.remove)
	if again.IsBottom() || s.there(b) {
		t.Fatalf("%s: the same again is no event, or the removal of all that it saw left something", s.kind.Name)
	}
	if again = do(t, a, wa, func(tx *crdt.Tx, v S) { s.write(tx, v); s.write(tx, v) }); again.IsBottom() {
		t.Errorf("%s: the same twice is no event", s.kind.Name)
	}
	a.Merge(removed)
	if b.Merge(again); !s.there(a) || !s.there(b) {
		t.Errorf("%s: after a concurrent removal it is there %t and %t, want it to have survived", s.kind.Name, s.there(a), s.there(b))
	}
}

// However often a counter is reset, its writer leaves one run, and one base until
// the next: with runs that close none, or with one run for ever, it is not so.
// (proofs-types 1e, 1f)
func TestResetsLeaveNoTrail(t *testing.T) {
	t.Parallel()
	k := crdt.CounterKind()
	a, b, wa, wb := k.New(), k.New(), writer(1), writer(2)
	size := 0
	for i := range 40 {
		b.Merge(do(t, a, wa, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }))
		do(t, b, wb, func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })
		if a.Merge(b); a.Value() != 0 {
			t.Fatalf("after reset %d the counter is %v", i, a)
		}
		if n := len(frame(t, k, a)); i == 0 {
			size = n
		} else if n > size+4 { // numbers that have grown by a byte each
			t.Fatalf("after reset %d the counter takes %d bytes, after the first %d", i, n, size)
		}
	}
	after := do(t, a, wa, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) })
	late := k.New() // has seen no reset: a total must not bring back what was taken
	if late.Merge(after); late.Value() != 5 {
		t.Errorf("the increment by 5 after all resets brings %v to who knows of none", late)
	}
}
