package aerospike_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestRecordSizeGuard appends 4 KB deltas from 64 writers that combine nothing and
// never fold in the background: no caller hears of a record too big, and everything
// is there.
func TestRecordSizeGuard(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	const writers, rounds = 64, 8
	var wg sync.WaitGroup
	var engines []*aerospike.Engine // a process each, so that they are not combined
	for range writers {             // before anybody writes: Open must not wait for 64 writers
		engines = append(engines, open(t, c, aerospike.Config{Set: set, QueueLength: 1 << 30, Watch: -1, Timeout: time.Minute}))
	}
	for w, e := range engines {
		sets := store.NewObjects(e, "", crdt.MVMapKind(crdt.String, crdt.Bytes))
		r := rand.New(rand.NewPCG(uint64(w), 0))
		wg.Go(func() {
			for range rounds {
				// The same few keys, or the state itself would outgrow the record.
				key := fmt.Sprint(w % 8)
				v := make([]byte, 4<<10)
				for i := range v {
					v[i] = byte(r.Uint32())
				}
				_, err := sets.Update(t.Context(), "k", func(tx *crdt.Tx, m *crdt.MVMap[string, []byte]) error {
					m.At(key).Set(tx, v)
					return nil
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	k, err := as.NewKey(namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := c.Get(nil, k)
	if err != nil {
		t.Fatal(err)
	}
	q := rec.Bins["q"].([]as.MapPair)
	size := 0
	for _, p := range q {
		size += len(p.Value.([]byte))
	}
	if size > 300<<10 {
		t.Errorf("a queue of %d bytes was left to grow", size)
	}
}

// TestStateTooLarge grows an object until its record is full. What does not fit is
// refused, surely not applied, and the object goes on; also when it goes together
// with what fits.
func TestStateTooLarge(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, Watch: -1, RecordSize: 200 << 10, QueueSize: 32 << 10})
	sets := store.NewObjects(e, "", crdt.AWSetKind(crdt.Bytes))
	put := func(tag byte, n int, opts ...store.Option) error {
		_, err := sets.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[[]byte]) error {
			s.Add(tx, bytes.Repeat([]byte{tag}, n))
			return nil
		}, opts...)
		return err
	}
	n := 0
	for ; n < 100; n++ {
		if err := put(byte(n), 10<<10); err != nil {
			if !errors.Is(err, aerospike.ErrStateTooLarge) || errors.Is(err, store.ErrInDoubt) {
				t.Fatalf("element %d: %v", n, err)
			}
			break
		}
	}
	if n < 12 || n > 20 {
		t.Errorf("%d elements of 10 KiB fit into 200 KiB", n)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := put(byte(100+i), 5, store.Blind()); err != nil {
				t.Errorf("small one: %v", err)
			}
		})
		wg.Go(func() {
			if err := put(byte(200+i), 20<<10, store.Blind()); !errors.Is(err, aerospike.ErrStateTooLarge) && !errors.Is(err, store.ErrInDoubt) {
				t.Errorf("large one: %v", err)
			}
		})
	}
	wg.Wait()
	s, _, err := sets.View(t.Context(), "k")
	if err != nil || s.Len() != n+8 {
		t.Errorf("%d elements, %v, want %d", s.Len(), err, n+8)
	}
}
