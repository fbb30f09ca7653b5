package aerospike_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// A ledger counts what it lists: both are changed in one transaction, so whatever is
// lost or done twice shows.
var (
	listed  = crdt.NewField("listed", crdt.AWSetKind(crdt.Uint64))
	counted = crdt.NewField("counted", crdt.CounterKind())
	ledgers = crdt.DocKind(listed, counted)
)

func entry(i uint64) func(*crdt.Tx, *crdt.Doc) error {
	return func(tx *crdt.Tx, d *crdt.Doc) error {
		listed.In(d).Add(tx, i)
		counted.In(d).Add(tx, 1)
		return nil
	}
}

// balance fails unless the ledger has all that was acknowledged, and each entry once.
func balance(t *testing.T, o store.Objects[*crdt.Doc], key string, acked []uint64) {
	t.Helper()
	d, _, err := o.View(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if list, n := listed.In(d), counted.In(d).Value(); int64(list.Len()) != n {
		t.Errorf("%d entries, counted %d", list.Len(), n)
	}
	for _, i := range acked {
		if !listed.In(d).Contains(i) {
			t.Errorf("entry %d was acknowledged, and is lost", i)
		}
	}
}

// start opens the engine of a process with a journal, over a cluster without audits.
func start(t *testing.T, c aerospike.Client, set string, j aerospike.Journal) *aerospike.Engine {
	t.Helper()
	e, err := aerospike.Open(t.Context(), c, aerospike.Config{
		Namespace: namespace, Set: set, Journal: j, Watch: -1, AuditEvery: -1,
		Attempt: 200 * time.Millisecond, QueueLength: 8, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return e
}

func shut(t *testing.T, e *aerospike.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestJournalRestarts starts a process again and again. It adds nothing to what it
// writes to, of whatever options and types.
func TestJournalRestarts(t *testing.T) {
	n := 200
	if testing.Short() {
		n = 30
	}
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	var first clock.ReplicaID
	for i := range n {
		e := start(t, c, set, j)
		if i == 0 {
			first = e.Replica()
		} else if e.Replica() != first {
			t.Fatalf("start %d: replica %v, not %v", i, e.Replica(), first)
		}
		for key, opts := range map[string][]store.Option{"read": nil, "blind": {store.Blind()}} {
			for range 2 {
				if _, err := store.NewObjects(e, "", ledgers).Update(t.Context(), key, entry(uint64(i)), opts...); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := store.NewObjects(e, "sum/", crdt.CounterKind()).Update(t.Context(), key, add(1), opts...); err != nil {
				t.Fatal(err)
			}
		}
		_, err := store.NewObjects(e, "", crdt.PNCounterKind()).Update(t.Context(), "pn",
			func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 3); return nil })
		if err != nil {
			t.Fatal(err)
		}
		shut(t, e)
		j = j.next(nil)
	}
	e := start(t, c, set, j)
	defer shut(t, e)
	for _, key := range []string{"read", "blind"} {
		d, _, err := store.NewObjects(e, "", ledgers).View(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if got := counted.In(d).Value(); got != int64(2*n) || listed.In(d).Len() != n {
			t.Errorf("%s: counted %d, listed %d after %d starts", key, got, listed.In(d).Len(), n)
		}
		ctx := crdt.ContextOf(d)
		runs := 0
		for range ctx.Intervals() {
			runs++
		}
		if runs != 1 {
			t.Errorf("%s: %d runs in its context: %v", key, runs, ctx)
		}
		sum, _, err := store.NewObjects(e, "sum/", crdt.CounterKind()).View(t.Context(), key)
		if err != nil || sum.Value() != int64(n) {
			t.Errorf("%s: %v, %v, want %d", key, sum, err, n)
		}
		if frame, err := crdt.AppendFrame(nil, crdt.CounterKind(), sum); err != nil || len(frame) > 100 {
			t.Errorf("%s: a counter of one run has %d bytes, %v", key, len(frame), err)
		}
	}
	pn, _, err := store.NewObjects(e, "", crdt.PNCounterKind()).View(t.Context(), "pn")
	if err != nil || pn.Value() != int64(3*n) {
		t.Errorf("a counter without context: %v, %v, want %d", pn, err, 3*n)
	}
	if frame, err := crdt.AppendFrame(nil, crdt.PNCounterKind(), pn); err != nil || len(frame) > 60 {
		t.Errorf("a counter of one row has %d bytes, %v", len(frame), err)
	}
}

// TestJournalRefuses opens with journals that are not this engine's, or not whole.
func TestJournalRefuses(t *testing.T) {
	c := cluster(t)
	set, other := newSet(t, c), newSet(t, c)
	good := newRows()
	shut(t, start(t, c, set, good))
	for _, tt := range []struct {
		name string
		set  string
		rows map[string]string // changed
		want string
	}{
		{"another set", other, nil, "it is that of test/" + set},
		{"a later version", set, map[string]string{"i": "\x03"}, "version 3, and this program has version 2"},
		{"an earlier version", set, map[string]string{
			"i": "\x01" + good.rows["i"][1:], "e\x00\x00\x00\x00\x00\x00\x00\x01": "\x01kframe", "f\x00\x00\x00\x00\x00\x00\x00\x01": "",
		}, "version 1, and this program has version 2"},
		{"a short identity", set, map[string]string{"i": "\x02\x00"}, "corrupt"},
		{"no head", set, map[string]string{"s": ""}, "corrupt"},
		{"a number that is too high", set, map[string]string{"s": strings.Repeat("\xff", 16)}, "event number"},
		{"a row of no kind", set, map[string]string{"x": "1"}, "does not know"},
		{"a change cut short", set, map[string]string{"c\x00\x00\x00\x00\x00\x00\x00\x01": strings.Repeat("\x00", 9) + "\x09ab"}, "corrupt"},
		{"a change of no state", set, map[string]string{"c\x00\x00\x00\x00\x00\x00\x00\x01": "\x09" + strings.Repeat("\x00", 9)}, "corrupt"},
		{"a key cut short", set, map[string]string{"c\x00\x01": strings.Repeat("\x00", 10)}, "corrupt"},
		{"a last event cut short", set, map[string]string{"l\x00\x01": "\x00"}, "corrupt"},
	} {
		j := good.next(nil)
		maps.Copy(j.rows, tt.rows)
		was := maps.Clone(j.rows)
		_, err := aerospike.Open(t.Context(), c, aerospike.Config{Namespace: namespace, Set: tt.set, Journal: j, Watch: -1, AuditEvery: -1})
		if !maps.Equal(j.rows, was) {
			t.Errorf("%s: the journal was changed", tt.name)
		}
		if !errors.Is(err, aerospike.ErrJournal) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	j := good.next(nil)
	defer shut(t, start(t, c, set, j))
	if _, err := aerospike.Open(t.Context(), c, aerospike.Config{Namespace: namespace, Set: set, Journal: j}); !errors.Is(err, aerospike.ErrJournal) {
		t.Errorf("a journal of two engines: %v", err)
	}
}
