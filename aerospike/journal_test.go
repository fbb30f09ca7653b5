package aerospike_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// A ledger counts what it lists: both are changed in one transaction, so whatever is
// lost or done twice shows.
var (
	listed  = crdt.NewField("listed", crdt.AWSetOf(crdt.Uint64))
	counted = crdt.NewField("counted", crdt.CounterKind())
	ledgers = crdt.DocOf(listed, counted)
)

func entry(i uint64) func(*crdt.Tx, *crdt.Doc) error {
	return func(tx *crdt.Tx, d *crdt.Doc) error {
		listed.In(d).Add(tx, i)
		counted.In(d).Add(tx, 1)
		return nil
	}
}

// balance fails unless the ledger has all that was acknowledged, and each entry once.
func balance(t *testing.T, o aerospike.Objects[*crdt.Doc], key string, acked []uint64) {
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

// TestJournalCrash kills a process at each of its writes to the journal, before it or
// after, with and without a proof that the next one may go on as the same replica.
// The next one loses nothing that was acknowledged, and does nothing twice; with the
// proof also if the record is lost meanwhile.
func TestJournalCrash(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	step := 1
	if testing.Short() {
		step = 4
	}
	lives := 0
	unproven := errors.New("not proven")
	for _, tt := range []crashing{{}, {torn: true}, {lost: true}, {torn: true, lost: true}, {proven: unproven}, {proven: unproven, torn: true}} {
		for tt.at = 2; !crash(t, c, set, tt); tt.at += step {
			lives++
		}
	}
	if lives < 6*10 && !testing.Short() {
		t.Errorf("%d lives", lives)
	}
}

// crashing says how a process dies and what comes after.
type crashing struct {
	at     int   // the write to the journal at which it dies
	torn   bool  // which does not come to the disk
	lost   bool  // the record is
	proven error // for the next process
}

// crash lets a process die, and reports whether it came to its end before.
func crash(t *testing.T, c *as.Client, set string, how crashing) (survived bool) {
	t.Helper()
	at, key := how.at, fmt.Sprintf("at-%d-torn-%t-lost-%t-proven-%t", how.at, how.torn, how.lost, how.proven == nil)
	m := &mortal{Client: &faulty{Client: c, rand: rand.New(rand.NewPCG(uint64(at), 7)), odds: odds{unanswered: 10, busy: 10}}}
	j := newRows()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j.dieAt, j.torn, j.die = at, how.torn, func() { m.die(); cancel() }
	e := start(t, m, set, j)
	first := e.Replica()
	o := aerospike.NewObjects(e, "", ledgers)
	var acked []uint64
	for i := range uint64(12) {
		var opts []aerospike.Option
		if i%3 == 2 {
			opts = append(opts, aerospike.Blind())
		}
		_, err := o.Update(ctx, key, entry(i), opts...)
		if m.isDead() {
			break
		}
		if err == nil {
			acked = append(acked, i)
		} else if !errors.Is(err, store.ErrInDoubt) {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	survived = !m.isDead()
	_ = e.Close() // it is dead

	if how.lost {
		lose(t, c, set, key)
	}
	next := start(t, c, set, j.next(how.proven))
	defer shut(t, next)
	if same := next.Replica() == first; same != (how.proven == nil) {
		t.Errorf("%s: replica %v after %v, proven: %v", key, next.Replica(), first, how.proven)
	}
	o = aerospike.NewObjects(next, "", ledgers)
	for i := range uint64(3) {
		if _, err := o.Update(t.Context(), key, entry(100+i)); err != nil {
			t.Fatalf("%s: update of the next process: %v", key, err)
		}
		acked = append(acked, 100+i)
	}
	if _, err := next.Remerge(t.Context()); err != nil {
		t.Fatalf("%s: Remerge: %v", key, err)
	}
	t.Run(key, func(t *testing.T) { balance(t, o, key, acked) })
	return survived
}

// TestJournalBringsBack loses a record after the process that wrote it has ended. The
// next one has its changes, acknowledged or in doubt, whether it goes on as the same
// replica or not.
func TestJournalBringsBack(t *testing.T) {
	for _, proven := range []error{nil, errors.New("not proven")} {
		t.Run(fmt.Sprint("proven=", proven == nil), func(t *testing.T) {
			c := cluster(t)
			set := newSet(t, c)
			f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
			j := newRows()
			e := start(t, f, set, j)
			o := aerospike.NewObjects(e, "", ledgers)
			var acked []uint64
			for i := range uint64(20) {
				if _, err := o.Update(t.Context(), "k", entry(i)); err != nil {
					t.Fatal(err)
				}
				acked = append(acked, i)
			}
			_ = unanswered(t, f, false, o, "k", entry(20))
			if err := e.Merge(t.Context(), store.Delta{Key: "merged", Frame: frameOf(t, 7)}); err != nil {
				t.Fatal(err)
			}
			sums := aerospike.NewObjects(e, "", crdt.PNCounterKind())
			for range 4 {
				if _, err := sums.Update(t.Context(), "pn", one); err != nil {
					t.Fatal(err)
				}
			}
			f.set(odds{lost: 100})
			shut(t, e)

			lose(t, c, set, "k")
			lose(t, c, set, "merged")
			j = j.next(proven)
			next := start(t, c, set, j)
			sums = aerospike.NewObjects(next, "", crdt.PNCounterKind())
			if _, err := sums.Update(t.Context(), "pn", one, aerospike.Blind()); err != nil {
				t.Fatal(err)
			}
			if v, _, err := sums.View(t.Context(), "pn"); err != nil || v.Value() != 5 {
				t.Errorf("a counter without context: %v, %v, want 5", v, err)
			}
			o = aerospike.NewObjects(next, "", ledgers)
			until(t, func() bool { // it merges by itself what is left
				d, _, err := o.View(t.Context(), "k")
				return err == nil && listed.In(d).Len() == 21
			})
			balance(t, o, "k", append(acked, 20))
			s, _, err := aerospike.NewObjects(next, "", crdt.AWSetOf(crdt.Uint64)).View(t.Context(), "merged")
			if err != nil || !s.Contains(7) {
				t.Errorf("what was merged: %v, %v", s, err)
			}
			if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
				t.Errorf("merged %d again, %v", n, err)
			}
			shut(t, next)
			for row := range j.rows {
				if row[0] == 'e' && j.rows["f"+row[1:]] == "" {
					t.Errorf("row %x is not known to be in the cluster", row)
				}
			}
		})
	}
}

func one(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 1); return nil }

// frameOf returns the frame of a set with one element, from another replica.
func frameOf(t *testing.T, element uint64) []byte {
	t.Helper()
	k := crdt.AWSetOf(crdt.Uint64)
	w := crdt.NewWriter(99, time.Now)
	d, err := crdt.Mutate(k.New(), w, func(tx *crdt.Tx, s *crdt.AWSet[uint64]) error { s.Add(tx, element); return nil })
	if err != nil {
		t.Fatal(err)
	}
	b, err := crdt.AppendFrame(nil, k, d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestJournalOfRefused ends a process right after a change was refused: it stays
// refused.
func TestJournalOfRefused(t *testing.T) {
	for _, proven := range []error{nil, errors.New("not proven")} {
		c := cluster(t)
		set := newSet(t, c)
		f := &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.FAIL_FORBIDDEN}}}
		j := newRows()
		e := start(t, f, set, j)
		o := aerospike.NewObjects(e, "", ledgers)
		if _, err := o.Update(t.Context(), "k", entry(1)); err == nil || errors.Is(err, store.ErrInDoubt) {
			t.Fatalf("what the server forbids: %v", err)
		}
		j = j.next(proven) // as it was when Update returned
		_ = e.Close()
		f.stop()
		next := start(t, c, set, j)
		o = aerospike.NewObjects(next, "", ledgers)
		if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
			t.Errorf("merged %d, %v", n, err)
		}
		if _, err := o.Update(t.Context(), "k", entry(2)); err != nil {
			t.Fatal(err)
		}
		d, _, err := o.View(t.Context(), "k")
		if err != nil || listed.In(d).Contains(1) || counted.In(d).Value() != 1 {
			t.Errorf("after a refusal: %v, counted %d, %v", d, counted.In(d).Value(), err)
		}
		shut(t, next)
	}
}

// hook is a client that calls f before each write.
type hook struct {
	aerospike.Client
	f func()
}

func (h *hook) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	h.f()
	return h.Client.Operate(p, k, ops...)
}

// TestJournalOfTheRefusedBefore puts a backup back that was made while a change was on
// its way, which was then refused.
func TestJournalOfTheRefusedBefore(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	f := &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.FAIL_FORBIDDEN}}}
	j := newRows()
	var backup *rows
	e := start(t, &hook{f, func() { backup = j.next(errors.New("not proven")) }}, set, j)
	if _, err := aerospike.NewObjects(e, "", ledgers).Update(t.Context(), "k", entry(1)); err == nil || errors.Is(err, store.ErrInDoubt) {
		t.Fatalf("what the server forbids: %v", err)
	}
	shut(t, e)
	next := start(t, c, set, backup)
	defer shut(t, next)
	if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
		t.Errorf("merged %d, %v", n, err)
	}
	if d, _, err := aerospike.NewObjects(next, "", ledgers).View(t.Context(), "k"); err != nil || listed.In(d).Contains(1) {
		t.Errorf("what was refused is there, %v", err)
	}
}

// TestJournalFails updates while the disk fails. Nothing is sent, and when it is well
// again nothing is missing or left over.
func TestJournalFails(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	e := start(t, c, set, j)
	defer shut(t, e)
	o := aerospike.NewObjects(e, "", ledgers)
	disk := func(err error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.fails = err
	}
	full := errors.New("disk full")
	for i := range uint64(12) {
		var opts []aerospike.Option
		if i%2 == 0 {
			opts = append(opts, aerospike.Blind())
		}
		if i%3 == 1 {
			disk(full)
		}
		_, err := o.Update(t.Context(), "k", entry(i), opts...)
		if i%3 != 1 {
			if err != nil {
				t.Errorf("update %d: %v", i, err)
			}
			continue
		}
		disk(nil)
		if !errors.Is(err, aerospike.ErrJournal) || !errors.Is(err, full) || errors.Is(err, store.ErrInDoubt) {
			t.Errorf("update %d on a disk that fails: %v", i, err)
		}
	}
	d, _, err := o.View(t.Context(), "k")
	if err != nil || listed.In(d).Len() != 8 || counted.In(d).Value() != 8 {
		t.Errorf("%d listed, %d counted, %v", listed.In(d).Len(), counted.In(d).Value(), err)
	}
}

// TestJournalRestarts starts a process again and again. It adds nothing to what it
// writes to, of whatever options; types without a context get a row a start.
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
		for key, opts := range map[string][]aerospike.Option{"read": nil, "blind": {aerospike.Blind()}} {
			for range 2 {
				if _, err := aerospike.NewObjects(e, "", ledgers).Update(t.Context(), key, entry(uint64(i)), opts...); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := aerospike.NewObjects(e, "sum/", crdt.CounterKind()).Update(t.Context(), key, add(1), opts...); err != nil {
				t.Fatal(err)
			}
		}
		_, err := aerospike.NewObjects(e, "", crdt.PNCounterKind()).Update(t.Context(), "pn",
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
		d, _, err := aerospike.NewObjects(e, "", ledgers).View(t.Context(), key)
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
		sum, _, err := aerospike.NewObjects(e, "sum/", crdt.CounterKind()).View(t.Context(), key)
		if err != nil || sum.Value() != int64(n) {
			t.Errorf("%s: %v, %v, want %d", key, sum, err, n)
		}
		if frame, err := crdt.AppendFrame(nil, crdt.CounterKind(), sum); err != nil || len(frame) > 100 {
			t.Errorf("%s: a counter of one run has %d bytes, %v", key, len(frame), err)
		}
	}
	pn, _, err := aerospike.NewObjects(e, "", crdt.PNCounterKind()).View(t.Context(), "pn")
	if err != nil || pn.Value() != int64(3*n) {
		t.Errorf("a counter without context: %v, %v, want %d", pn, err, 3*n)
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
		{"a later version", set, map[string]string{"i": "\x02"}, "of version 2"},
		{"a short identity", set, map[string]string{"i": "\x01\x00"}, "corrupt"},
		{"no head", set, map[string]string{"s": ""}, "corrupt"},
		{"a number that is too high", set, map[string]string{"s": strings.Repeat("\xff", 16)}, "event number"},
		{"a row of no kind", set, map[string]string{"x": "1"}, "does not know"},
		{"an entry cut short", set, map[string]string{"e\x00\x00\x00\x00\x00\x00\x00\x01": "\x09ab"}, "corrupt"},
		{"a key cut short", set, map[string]string{"e\x00\x01": "\x00"}, "corrupt"},
		{"a last event cut short", set, map[string]string{"l\x00\x01": "\x00"}, "corrupt"},
	} {
		j := good.next(nil)
		maps.Copy(j.rows, tt.rows)
		_, err := aerospike.Open(t.Context(), c, aerospike.Config{Namespace: namespace, Set: tt.set, Journal: j, Watch: -1, AuditEvery: -1})
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
