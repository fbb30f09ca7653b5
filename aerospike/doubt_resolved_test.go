package aerospike_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func insert(name string) func(*crdt.Tx, *crdt.AWSet[string]) error {
	return func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, name); return nil }
}

// holds returns the elements of the set under "k".
func holds(t *testing.T, o store.Objects[*crdt.AWSet[string]], name string) bool {
	t.Helper()
	s, _, err := o.View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return s.Contains(name)
}

// TestAbandonOfWhatIsKept abandons a change that was retried before. It says that the
// change is applied, and the next process, from the journal, has the change.
func TestAbandonOfWhatIsKept(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	e := start(t, f, set, j)
	members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
	d := unanswered(t, f, false, members, "k", insert("kept"))
	if err := d.Retry(t.Context()); err != nil {
		t.Fatalf("Retry: %v", err)
	}
	if err := d.Abandon(t.Context()); err == nil {
		t.Errorf("Abandon of a change that is applied = nil")
	}
	if err := d.Retry(t.Context()); err != nil {
		t.Errorf("Retry of a change that is applied = %v", err)
	}
	shut(t, e)
	next := start(t, c, set, j.next(nil))
	defer shut(t, next)
	if _, err := next.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !holds(t, store.NewObjects(next, "", crdt.AWSetKind(crdt.String)), "kept") {
		t.Error("a change that was acknowledged is gone after a restart")
	}
}

// TestAbandonOfAClosedEngine leaves nothing in the journal.
func TestAbandonOfAClosedEngine(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	e := start(t, f, set, j)
	d := unanswered(t, f, true, store.NewObjects(e, "", crdt.AWSetKind(crdt.String)), "k", insert("kept"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Abandon(ended); err == nil {
		t.Fatal("Abandon with a context that has ended = nil")
	}
	if err := d.Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !holds(t, store.NewObjects(e, "", crdt.AWSetKind(crdt.String)), "kept") {
		t.Error("a change that was acknowledged is gone after a Remerge")
	}
	shut(t, e)
}

// TestRetryOfWhatIsAbandoned retries a change whose Abandon ended in doubt, or was
// refused: it does not say that the change is applied, and the change is dropped.
func TestRetryOfWhatIsAbandoned(t *testing.T) {
	for name, answer := range map[string]as.AerospikeError{
		"in doubt": {ResultCode: types.TIMEOUT, InDoubt: true},
		"refused":  {ResultCode: types.FAIL_FORBIDDEN},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t)
			set := newSet(t, c)
			j := newRows()
			f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
			s := &script{Client: f}
			e := start(t, s, set, j)
			members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
			d := unanswered(t, f, true, members, "k", insert("dropped"))
			s.mu.Lock()
			s.answers = []as.AerospikeError{answer}
			s.mu.Unlock()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := d.Abandon(ctx); !errors.Is(err, store.ErrInDoubt) {
				t.Errorf("Abandon that was %s: %v", name, err)
			}
			s.stop()
			if err := d.Retry(t.Context()); err == nil {
				t.Error("Retry of an abandoned change = nil")
			}
			if err := d.Abandon(t.Context()); err != nil {
				t.Errorf("Abandon again: %v", err)
			}
			if _, err := e.Remerge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if holds(t, members, "dropped") {
				t.Error("an abandoned change is there")
			}
			shut(t, e)
			next := start(t, c, set, j.next(nil))
			defer shut(t, next)
			if _, err := next.Remerge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if holds(t, store.NewObjects(next, "", crdt.AWSetKind(crdt.String)), "dropped") {
				t.Error("an abandoned change is there after a restart")
			}
		})
	}
}

// TestStatsWhileInDoubt asks for figures while updates of one key end in doubt.
func TestStatsWhileInDoubt(t *testing.T) {
	c := cluster(t)
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1)), odds: odds{lost: 100}}
	e := open(t, f, aerospike.Config{Set: newSet(t, c), Attempt: 5 * time.Millisecond, Watch: -1, Scrub: -1})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, err := counters.Update(ctx, "k", add(1), store.Blind())
			cancel()
			if err == nil {
				t.Error("an update came through")
			}
		}
	}()
	for over := time.After(10 * time.Second); ; {
		select {
		case <-done:
			f.set(odds{})
			return
		case <-over:
			t.Fatal("updates and Stats wait for each other")
		default:
			e.Stats()
		}
	}
}

// TestViewInsideUpdate views an object inside the function of an update of it: it is
// as before the update, at once.
func TestViewInsideUpdate(t *testing.T) {
	c := cluster(t)
	for _, opts := range [][]store.Option{nil, {store.Blind()}} {
		e := open(t, c, aerospike.Config{Set: newSet(t, c)})
		members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
		if _, err := members.Update(t.Context(), "k", insert("before")); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := members.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
				s.Add(tx, "during")
				v, _, err := members.View(t.Context(), "k")
				if err == nil && (v.Contains("during") || !v.Contains("before")) {
					t.Errorf("inside: %v", v)
				}
				return err
			}, opts...)
			ended <- err
		}()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("View inside an Update of the key hangs")
		}
	}
}

// TestViewBesideASlowUpdate views an object while the function of an update of it
// waits: the view does not.
func TestViewBesideASlowUpdate(t *testing.T) {
	c := cluster(t)
	e := open(t, c, aerospike.Config{Set: newSet(t, c)})
	members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
	inside, leave := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := members.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			inside <- struct{}{}
			<-leave
			s.Add(tx, "slow")
			return nil
		})
		ended <- err
	}()
	<-inside
	viewed := make(chan error, 1)
	go func() {
		v, _, err := members.View(t.Context(), "k")
		if err == nil && v.Len() != 0 {
			err = errors.New("it shows what is not there")
		}
		viewed <- err
	}()
	select {
	case err := <-viewed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a View waits for the function of an Update")
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestPanicInUpdate panics in the function of an update, and updates again.
func TestPanicInUpdate(t *testing.T) {
	c := cluster(t)
	for name, opts := range map[string][]store.Option{"read": nil, "blind": {store.Blind()}} {
		e := open(t, c, aerospike.Config{Set: newSet(t, c)})
		members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic did not come out", name)
				}
			}()
			_, _ = members.Update(t.Context(), "k", func(*crdt.Tx, *crdt.AWSet[string]) error { panic("the user's") }, opts...)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if _, err := members.Update(ctx, "k", insert("a"), opts...); err != nil {
			t.Errorf("%s, after a panic: %v", name, err)
		}
		cancel()
	}
}

// TestRetryOfAClosedEngine asks a closed engine about a change that was resolved before,
// by the engine itself, and the row of which Close wrote: it answers at once, also to
// those who have no time.
func TestRetryOfAClosedEngine(t *testing.T) {
	c := cluster(t)
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	e := start(t, f, newSet(t, c), newRows())
	aerospike.HoldResolver(e)
	d := unanswered(t, f, true, store.NewObjects(e, "", crdt.AWSetKind(crdt.String)), "k", insert("kept"))
	if err := aerospike.ResolveOnce(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	shut(t, e)
	answered := make(chan error, 1)
	go func() { answered <- d.Retry(t.Context()) }()
	select {
	case err := <-answered:
		if err != nil {
			t.Errorf("Retry of what is applied = %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Retry of what is applied hangs")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // it does not matter what else is ready
		if err := d.Retry(ended); err != nil {
			t.Fatalf("Retry of what is applied, without time = %v", err)
		}
	}
}

// TestDoubtOfAStaleState updates a state that is not the newest any more, while another
// object whose key has the same hash is updated, so that the change can be neither refused
// nor issued again. It is in doubt, and is applied once.
func TestDoubtOfAStaleState(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	h := &hook{c, func() {}}
	e := start(t, h, set, newRows())
	defer shut(t, e)
	aerospike.HoldResolver(e)
	sums := store.NewObjects(e, "", crdt.PNCounterKind())
	other := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.PNCounterKind())
	for _, o := range []store.Objects[*crdt.PNCounter]{sums, other} {
		if _, err := o.Update(t.Context(), "k", one); err != nil {
			t.Fatal(err)
		}
	}
	h.f = sync.OnceFunc(func() {
		if err := aerospike.NumberBeside(e, "k"); err != nil {
			t.Error(err)
		}
	})
	_, err := sums.Update(t.Context(), "k", one)
	if d, is := errors.AsType[*store.InDoubtError](err); !is {
		t.Errorf("Update of a stale state that cannot be refused = %v", err)
	} else if err := d.Retry(t.Context()); err != nil {
		t.Errorf("Retry: %v", err)
	}
	if err := aerospike.ResolveOnce(t.Context(), e); err != nil {
		t.Error(err)
	}
	if v, _, err := sums.View(t.Context(), "k"); err != nil || v.Value() != 3 {
		t.Errorf("%v, %v, want 3", v, err)
	}
}
