package crdt_test

import (
	"errors"
	"maps"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

type bounded = crdt.BoundedCounter

// act runs a transaction of one mutator and returns its delta and error.
func act(c *bounded, src crdt.Source, fn func(*crdt.Tx, *bounded) error) (*bounded, error) {
	return crdt.Mutate(c, src, fn)
}

func grant(n uint64) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.Grant(tx, n) }
}

func spend(n uint64) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.Spend(tx, n) }
}

func start(value int64) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.Start(tx, value) }
}

func transfer(to clock.ReplicaID, n uint64) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.Transfer(tx, to, n) }
}

func transferRoom(to clock.ReplicaID, n uint64) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.TransferRoom(tx, to, n) }
}

func closeFor(heir clock.ReplicaID) func(*crdt.Tx, *bounded) error {
	return func(tx *crdt.Tx, c *bounded) error { return c.Close(tx, heir) }
}

// done returns a delta that must have been made.
func done(t testing.TB, c *bounded, src crdt.Source, fn func(*crdt.Tx, *bounded) error) *bounded {
	t.Helper()
	d, err := act(c, src, fn)
	if err != nil {
		t.Fatalf("Mutate: %v", err)
	}
	return d
}

func TestLawsBoundedCounter(t *testing.T) {
	for _, k := range []crdt.Kind[*bounded]{crdt.BoundedCounterKind(0, math.MaxInt64), crdt.BoundedCounterKind(-5, math.MaxInt64), crdt.BoundedCounterKind(-5, 9)} {
		t.Run(k.Name, func(t *testing.T) {
			crdttest.Laws(t, k, some(func(t *rapid.T, tx *crdt.Tx, c *bounded) {
				n := rapid.Uint64Range(0, 4).Draw(t, "n")
				other := clock.ReplicaID(rapid.IntRange(1, 3).Draw(t, "other"))
				was := c.Clone()
				err := rapid.SampledFrom([]func(*crdt.Tx, *bounded) error{
					grant(n), grant(n), spend(n), spend(n), start(rapid.Int64Range(-6, 9).Draw(t, "start")),
					transfer(other, n), transferRoom(other, n), closeFor(other),
				}).Draw(t, "op")(tx, c)
				if err != nil && !c.Equal(was) {
					t.Fatalf("an error changed the counter: %v", err)
				}
			}))
		})
	}
}

// 9a: a spending that arrives before its grant does not read as below the bound,
// where the plain sum of what is seen would.
func TestBounded9aSpendingBeforeItsGrant(t *testing.T) {
	t.Parallel()
	for _, k := range []crdt.Kind[*bounded]{crdt.BoundedCounterKind(0, math.MaxInt64), crdt.BoundedCounterKind(-7, math.MaxInt64), crdt.BoundedCounterKind(math.MinInt64, math.MaxInt64)} {
		a, b, third := k.New(), k.New(), k.New()
		granted := done(t, a, writer(1), grant(3))
		handed := done(t, a, writer(1), transfer(2, 3))
		b.Merge(granted)
		b.Merge(handed)
		spent := done(t, b, writer(2), spend(3))
		lower, _ := k.New().Bounds()
		if third.Merge(spent); third.Value() != lower {
			t.Errorf("%s: a spending without its grant reads as %v, want %d", k.Name, third, lower)
		}
		if lower != math.MinInt64 && third.Unclamped() >= lower {
			t.Errorf("%s: the plain sum is %d: the test shows nothing", k.Name, third.Unclamped())
		}
		if third.Spendable(1) != 0 || third.Spendable(2) != 0 {
			t.Errorf("%s: rights out of nothing", k.Name)
		}
		if third.Merge(granted); third.Value() != lower { // 3 granted, 3 spent
			t.Errorf("%s: all but the transfer reads as %v", k.Name, third)
		}
	}
}

// 9b: a delta is the cells that changed. With every row that its replica knows it
// would make the plain read right, but could lose parts without a loss (I5).
func TestBounded9bDeltaIsTheChangedCells(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(0, 1000)
	c := k.New()
	cells := func(what string, d *bounded, want int) {
		t.Helper()
		if got := len(d.Torn()); got != want {
			t.Errorf("%s: a delta of %d cells, want %d", what, got, want)
		}
	}
	cells("Start", done(t, c, writer(1), start(500)), 2)
	for id := range clock.ReplicaID(5) {
		done(t, c, writer(1), func(tx *crdt.Tx, c *bounded) error {
			return errors.Join(c.Transfer(tx, id+2, 20), c.TransferRoom(tx, id+2, 20))
		})
		cells("Grant", done(t, c, writer(id+2), grant(3)), 1)
		cells("Spend", done(t, c, writer(id+2), spend(2)), 1)
		cells("Spend twice", done(t, c, writer(id+2), func(tx *crdt.Tx, c *bounded) error { return errors.Join(c.Spend(tx, 1), c.Spend(tx, 1)) }), 1)
		cells("Transfer", done(t, c, writer(id+2), transfer(1, 2)), 1)
	}
	before := c.Clone()
	d := done(t, c, writer(2), closeFor(3))
	cells("Close", d, 2)
	for _, left := range d.Torn() {
		if before.Clone().Merge(left); !before.Clone().Merge(left) {
			t.Error("a part of a delta changes nothing")
		}
	}
	if before.Merge(d); !before.Equal(c) {
		t.Error("state before and delta are not the state after")
	}
}

// The row of a replica stays behind when its rights go to an heir, and the heir
// can spend all of them.
func TestBoundedCloseAndHeir(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(-10, 20)
	c := k.New()
	done(t, c, writer(1), start(5))
	done(t, c, writer(1), spend(4)) // 11 rights and 19 of room are left
	d := done(t, c, writer(1), closeFor(2))
	if c.Value() != 1 || len(maps.Collect(c.Rights())) != 1 || c.Spendable(2) != 11 || c.Grantable(2) != 19 {
		t.Errorf("after the close: value %v, rights %v, room %v", c, maps.Collect(c.Rights()), maps.Collect(c.Room()))
	}
	var over *crdt.OverdraftError
	if _, err := act(c, writer(1), spend(1)); !errors.As(err, &over) || *over != (crdt.OverdraftError{Want: 1, Elsewhere: 11}) {
		t.Errorf("Spend after the close = %v", err)
	}
	if d, err := act(c, writer(1), closeFor(2)); d != nil || err != nil {
		t.Errorf("Close of nothing = %v, %v", d, err)
	}
	done(t, c, writer(2), spend(11))
	if c.Value() != -10 || c.Grantable(2) != 30 {
		t.Errorf("the heir left value %v and room %d", c, c.Grantable(2))
	}
	done(t, c, writer(2), grant(30))
	if c.Value() != 20 {
		t.Errorf("the heir raised the value to %v", c)
	}
	for _, heir := range []clock.ReplicaID{0, 2} {
		if _, err := act(c, writer(2), closeFor(heir)); err == nil {
			t.Errorf("Close for %v succeeded", heir)
		}
	}
	other := k.New()
	if other.Merge(d); other.Spendable(2) != 11 { // the heir need not have seen the old row
		t.Errorf("from the close alone the heir holds %d", other.Spendable(2))
	}
}

// Each clean close costs one cell.
func TestBounded9eCloses(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(0, math.MaxInt64)
	c := k.New()
	done(t, c, writer(1), grant(100))
	const closes = 200
	for id := range clock.ReplicaID(closes) {
		done(t, c, writer(id+1), closeFor(id+2))
	}
	b, _ := k.Append(nil, c)
	if cells := len(c.Torn()); cells != closes+1 || c.Spendable(closes+1) != 100 || len(b) > 18*cells+2 {
		t.Errorf("%d closes: %d cells, %d bytes, heir holds %d", closes, cells, len(b), c.Spendable(closes+1))
	}
}

// A restored or copied incarnation has an id of its own, and so nothing to spend.
// The wrong way, under its old id, it spends what is spent: the counter cannot
// know, but tells as soon as it sees a row that it cannot have built.
func TestBoundedRestoredCopy(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(0, math.MaxInt64)
	c := k.New()
	done(t, c, writer(1), grant(5))
	backup := c.Clone()
	spent := done(t, c, writer(1), spend(5))

	var over *crdt.OverdraftError
	restored := backup.Clone()
	if _, err := act(restored, writer(2), spend(1)); !errors.As(err, &over) || over.Here != 0 || over.Elsewhere != 5 {
		t.Errorf("a restored copy under a new id: Spend = %v", err)
	}
	if _, err := act(restored, writer(2), transfer(3, 1)); !errors.As(err, &over) {
		t.Errorf("a restored copy under a new id: Transfer = %v", err)
	}
	if d, err := act(restored, writer(2), closeFor(3)); d != nil || err != nil {
		t.Errorf("a restored copy under a new id: Close = %v, %v", d, err)
	}
	if restored.Merge(spent); restored.Value() != 0 {
		t.Errorf("with what the old incarnation spent the value is %v", restored)
	}

	twin := backup.Clone() // the same id goes on twice: what a Source must not do
	handed := done(t, twin, writer(1), transfer(2, 5))
	if c.Merge(handed); c.Value() != 0 {
		t.Errorf("the value is %v", c)
	}
	var row *crdt.RowError
	for name, fn := range map[string]func(*crdt.Tx, *bounded) error{
		"Spend": spend(1), "Grant": grant(1), "Transfer": transfer(3, 1), "Close": closeFor(3), "Start": start(1),
	} {
		if d, err := act(c, writer(1), fn); !errors.As(err, &row) || *row != (crdt.RowError{Replica: 1}) || d != nil {
			t.Errorf("%s on a row that two have built = %v", name, err)
		}
	}
}

// A replica that has given out more room than this copy shows it to have had decides
// nothing here, whatever rights it shows: the copy lacks what it built on.
func TestBoundedRoomWithoutItsPast(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(0, 10)
	a, b, copied := k.New(), k.New(), k.New()
	done(t, a, writer(1), start(0))
	done(t, a, writer(1), transferRoom(2, 5))
	b.Merge(a)
	copied.Merge(done(t, b, writer(2), grant(5))) // and nothing of the room that it took
	if copied.Spendable(2) != 5 {
		t.Fatalf("replica 2 can spend %d here, want 5: the test shows nothing", copied.Spendable(2))
	}
	for name, fn := range map[string]func(*crdt.Tx, *bounded) error{
		"Spend": spend(1), "Grant": grant(1), "Transfer": transfer(3, 1), "TransferRoom": transferRoom(3, 1), "Close": closeFor(3),
	} {
		var row *crdt.RowError
		if d, err := act(copied, writer(2), fn); !errors.As(err, &row) || *row != (crdt.RowError{Replica: 2}) || d != nil {
			t.Errorf("%s with room that came from nowhere = %v, %v", name, d, err)
		}
	}
	done(t, copied, writer(3), closeFor(1)) // another replica can vouch for itself
}

// doubtful is a source in doubt of its events up to a number.
type doubtful struct {
	crdt.Source
	doubt uint64
}

func (d doubtful) Doubt() uint64 { return d.doubt }

func TestBoundedInDoubtDecidesNothing(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(0, 100)
	c := k.New()
	w := writer(1)
	done(t, c, w, start(50))
	was := c.Clone()
	for name, fn := range map[string]func(*crdt.Tx, *bounded) error{
		"Start": start(1), "Spend": spend(1), "Grant": grant(1), "Transfer": transfer(2, 1), "TransferRoom": transferRoom(2, 1), "Close": closeFor(2),
	} {
		var row *crdt.RowError
		if d, err := act(c, doubtful{w, 7}, fn); !errors.As(err, &row) || *row != (crdt.RowError{Replica: 1, Doubt: 7}) || d != nil || !c.Equal(was) {
			t.Errorf("%s in doubt = %v, %v", name, d, err)
		}
	}
	done(t, c, doubtful{w, 0}, spend(1))
}

func TestBoundedRefuses(t *testing.T) {
	t.Parallel()
	plain, limited := crdt.BoundedCounterKind(0, math.MaxInt64), crdt.BoundedCounterKind(-5, 5)
	started := limited.New()
	done(t, started, writer(1), start(0))
	done(t, started, writer(1), transferRoom(2, 2))
	full := plain.New()
	done(t, full, writer(1), grant(math.MaxInt64-1))
	twice := limited.New()
	done(t, twice, writer(2), start(5))
	twice.Merge(started)
	tests := []struct {
		name string
		on   *bounded
		fn   func(*crdt.Tx, *bounded) error
		want error // of that type and value, or matched, or nil for any
	}{
		{"spend of nothing", plain.New(), spend(1), &crdt.OverdraftError{Want: 1}},
		{"grant without room", limited.New(), grant(1), &crdt.OverdraftError{Want: 1}},
		{"grant over the bound", started, grant(4), &crdt.OverdraftError{Want: 4, Here: 3, Elsewhere: 2}},
		{"spend below the bound", started, spend(6), &crdt.OverdraftError{Want: 6, Here: 5}},
		{"transfer of more", started, transfer(2, math.MaxUint64), &crdt.OverdraftError{Want: math.MaxUint64, Here: 5}},
		{"transfer of more room", started, transferRoom(2, 4), &crdt.OverdraftError{Want: 4, Here: 3, Elsewhere: 2}},
		{"transfer to itself", started, transfer(1, 1), nil},
		{"transfer to nobody", started, transfer(0, 1), nil},
		{"room without a bound", full, transferRoom(2, 0), nil},
		{"overflow", full, grant(2), crdt.ErrOverflow},
		{"large overflow", full, grant(math.MaxUint64), crdt.ErrOverflow},
		{"start again", started, start(0), crdt.ErrStarted},
		{"start in use", full, start(0), crdt.ErrStarted},
		{"start below", limited.New(), start(-6), nil},
		{"start above", limited.New(), start(6), nil},
		{"started twice", twice, grant(1), crdt.ErrStarted},
	}
	for _, tt := range tests {
		was := tt.on.Clone()
		_, err := act(tt.on, writer(1), tt.fn)
		over, isOver := errors.AsType[*crdt.OverdraftError](err)
		want, wantOver := errors.AsType[*crdt.OverdraftError](tt.want)
		if err == nil || isOver != wantOver || isOver && *over != *want || !wantOver && tt.want != nil && !errors.Is(err, tt.want) || !tt.on.Equal(was) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if v := twice.Value(); v != 5 {
		t.Errorf("started twice it reads %d, want it within its bounds", v)
	}
	if d, err := act(started, writer(1), func(tx *crdt.Tx, c *bounded) error { _ = c.Spend(tx, 99); return c.Spend(tx, 1) }); err != nil || len(d.Torn()) != 1 {
		t.Errorf("after a refused Spend the transaction = %v", err)
	}
	panics(t, "bounds", "bounded by 3 and 3", func() { crdt.BoundedCounterKind(3, 3) })
	panics(t, "other bounds", "bounds", func() { plain.New().Merge(started) })
	panics(t, "other counter", "not about", func() {
		if _, err := act(plain.New(), writer(1), func(tx *crdt.Tx, _ *bounded) error { return full.Spend(tx, 1) }); err != nil {
			t.Error(err)
		}
	})
}

// Numbers at the ends of their types.
func TestBoundedExtremes(t *testing.T) {
	t.Parallel()
	k := crdt.BoundedCounterKind(math.MinInt64, math.MaxInt64)
	c := k.New()
	if c.Value() != math.MinInt64 {
		t.Errorf("a new counter is %v", c)
	}
	done(t, c, writer(1), start(0))
	if c.Value() != 0 || c.Spendable(1) != 1<<63 || c.Grantable(1) != math.MaxInt64 {
		t.Errorf("at 0 it can spend %d and grant %d", c.Spendable(1), c.Grantable(1))
	}
	done(t, c, writer(1), grant(math.MaxInt64))
	done(t, c, writer(1), spend(math.MaxUint64))
	if c.Value() != math.MinInt64 || c.Grantable(1) != math.MaxUint64 {
		t.Errorf("spent empty it is %v", c)
	}
	if _, err := act(c, writer(1), grant(math.MaxUint64)); !errors.Is(err, crdt.ErrOverflow) {
		t.Errorf("a total beyond 2^64 = %v, want ErrOverflow", err)
	}
	a, b := crdt.BoundedCounterKind(0, math.MaxInt64).New(), crdt.BoundedCounterKind(0, math.MaxInt64).New()
	done(t, a, writer(1), grant(math.MaxInt64))
	b.Merge(done(t, b, writer(2), grant(math.MaxInt64)))
	b.Merge(done(t, b, writer(3), grant(0)))
	if a.Merge(b); a.Value() != math.MaxInt64 || a.Spendable(2) != math.MaxInt64 {
		t.Errorf("granted beyond the range it is %v", a)
	}
	done(t, a, writer(1), spend(math.MaxInt64))
	done(t, a, writer(2), spend(math.MaxInt64))
	if a.Value() != 0 {
		t.Errorf("and spent again %v", a)
	}
}
