package aerospike_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

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
	o, sums := store.NewObjects(e, "", ledgers), store.NewObjects(e, "sum/", crdt.PNCounterKind())
	var acked []uint64
	summed, unsure := int64(0), int64(0)
	for i := range uint64(12) {
		var opts []store.Option
		if i%3 == 2 {
			opts = append(opts, store.Blind())
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
		if _, err = sums.Update(ctx, key, one, opts...); err == nil && !m.isDead() {
			summed++
		} else {
			unsure++
		}
	}
	survived = !m.isDead()
	_ = e.Close() // it is dead

	if how.lost {
		lose(t, c, set, key)
		lose(t, c, set, "sum/"+key)
	}
	next := start(t, c, set, j.next(how.proven))
	defer shut(t, next)
	if same := next.Replica() == first; same != (how.proven == nil) {
		t.Errorf("%s: replica %v after %v, proven: %v", key, next.Replica(), first, how.proven)
	}
	o, sums = store.NewObjects(next, "", ledgers), store.NewObjects(next, "sum/", crdt.PNCounterKind())
	for i := range uint64(3) {
		_, err := o.Update(t.Context(), key, entry(100+i))
		_, err2 := sums.Update(t.Context(), key, one)
		if err != nil || err2 != nil {
			t.Fatalf("%s: update of the next process: %v, %v", key, err, err2)
		}
		acked, summed = append(acked, 100+i), summed+1
	}
	if _, err := next.Remerge(t.Context()); err != nil {
		t.Fatalf("%s: Remerge: %v", key, err)
	}
	t.Run(key, func(t *testing.T) { balance(t, o, key, acked) })
	sum, _, err := sums.View(t.Context(), key)
	if err != nil || sum.Value() < summed || sum.Value() > summed+unsure {
		t.Errorf("%s: a counter without context: %v, %v, want %d to %d", key, sum, err, summed, summed+unsure)
	}
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
			o := store.NewObjects(e, "", ledgers)
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
			sums := store.NewObjects(e, "", crdt.PNCounterKind())
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
			sums = store.NewObjects(next, "", crdt.PNCounterKind())
			if _, err := sums.Update(t.Context(), "pn", one, store.Blind()); err != nil {
				t.Fatal(err)
			}
			if v, _, err := sums.View(t.Context(), "pn"); err != nil || v.Value() != 5 {
				t.Errorf("a counter without context: %v, %v, want 5", v, err)
			}
			o = store.NewObjects(next, "", ledgers)
			until(t, func() bool { // it merges by itself what is left
				d, _, err := o.View(t.Context(), "k")
				return err == nil && listed.In(d).Len() == 21
			})
			balance(t, o, "k", append(acked, 20))
			until(t, func() bool { // each object in a turn of its own
				s, _, err := store.NewObjects(next, "", crdt.AWSetKind(crdt.Uint64)).View(t.Context(), "merged")
				return err == nil && s.Contains(7)
			})
			if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
				t.Errorf("merged %d again, %v", n, err)
			}
			shut(t, next)
			for row, value := range j.rows {
				if row[0] == 'c' && value[0] != 3 {
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
	k := crdt.AWSetKind(crdt.Uint64)
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
