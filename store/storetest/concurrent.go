package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store"
)

// checkConcurrent merges, loads and scans from several goroutines, on one key and
// on many. Nothing may be lost.
func checkConcurrent(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	const writers, rounds = 4, 25
	m := make(model)
	queue := make([][]store.Delta, writers)
	for i := range queue {
		for j := range rounds {
			id := clock.ReplicaID(i*rounds + j + 1)
			queue[i] = append(queue[i],
				store.Delta{Key: "hot", Frame: addition(id, fmt.Sprint(j))},
				store.Delta{Key: fmt.Sprint("cold", j%5), Frame: amount(id, int64(j+1))})
		}
		m.merge(queue[i]...)
	}
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := 0; j < len(queue[i]); j += 2 {
				if err := e.Merge(ctx, queue[i][j], queue[i][j+1]); err != nil {
					t.Errorf("Merge beside others: %v", err)
				}
			}
		})
		all.Go(func() {
			for range rounds {
				if _, err := e.Load(ctx, "hot"); err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("Load beside others: %v", err)
				}
				last := ""
				for rec, err := range e.Scan(ctx, "", "") {
					if err != nil || rec.Key <= last {
						t.Errorf("Scan beside others: %q after %q, %v", rec.Key, last, err)
						return
					}
					last = rec.Key
				}
			}
		})
	}
	all.Wait()
	m.whole(ctx, t, e)
}
