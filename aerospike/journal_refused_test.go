package aerospike_test

import (
	"errors"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestJournalOfRefused ends a process right after a change was refused: it stays
// refused.
func TestJournalOfRefused(t *testing.T) {
	for _, proven := range []error{nil, errors.New("not proven")} {
		c := cluster(t)
		set := newSet(t, c)
		f := &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.FAIL_FORBIDDEN}}}
		j := newRows()
		e := start(t, f, set, j)
		o := store.NewObjects(e, "", ledgers)
		if _, err := o.Update(t.Context(), "k", entry(1)); err == nil || errors.Is(err, store.ErrInDoubt) {
			t.Fatalf("what the server forbids: %v", err)
		}
		j = j.next(proven) // as it was when Update returned
		_ = e.Close()
		f.stop()
		next := start(t, c, set, j)
		o = store.NewObjects(next, "", ledgers)
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
	if _, err := store.NewObjects(e, "", ledgers).Update(t.Context(), "k", entry(1)); err == nil || errors.Is(err, store.ErrInDoubt) {
		t.Fatalf("what the server forbids: %v", err)
	}
	shut(t, e)
	next := start(t, c, set, backup)
	defer shut(t, next)
	if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
		t.Errorf("merged %d, %v", n, err)
	}
	if d, _, err := store.NewObjects(next, "", ledgers).View(t.Context(), "k"); err != nil || listed.In(d).Contains(1) {
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
	o := store.NewObjects(e, "", ledgers)
	disk := func(err error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.fails = err
	}
	full := errors.New("disk full")
	for i := range uint64(12) {
		var opts []store.Option
		if i%2 == 0 {
			opts = append(opts, store.Blind())
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

// TestJournalClose closes an engine while a change is on its way that is then refused.
// Close waits for it, and the next process does not find it.
func TestJournalClose(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	f := &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.FAIL_FORBIDDEN}}}
	var e *aerospike.Engine
	closed := make(chan error, 1)
	e = start(t, &hook{f, func() {
		go func() { closed <- e.Close() }()
		until(t, func() bool { // it has begun
			_, err := e.Load(t.Context(), "other")
			return errors.Is(err, store.ErrClosed)
		})
		select {
		case err := <-closed:
			t.Errorf("Close does not wait for an update: %v", err)
			closed <- err
		default:
		}
	}}, set, j)
	_, err := store.NewObjects(e, "", ledgers).Update(t.Context(), "k", entry(1))
	if err == nil || errors.Is(err, store.ErrInDoubt) {
		t.Fatalf("what the server forbids: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	f.stop()
	next := start(t, c, set, j.next(nil))
	defer shut(t, next)
	if n, err := next.Remerge(t.Context()); n != 0 || err != nil {
		t.Errorf("merged %d, %v", n, err)
	}
	if d, _, err := store.NewObjects(next, "", ledgers).View(t.Context(), "k"); err != nil || listed.In(d).Contains(1) {
		t.Errorf("what was refused is there, %v", err)
	}
}
