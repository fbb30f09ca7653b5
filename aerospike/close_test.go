package aerospike_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestCloseCutsShort closes an engine while updates with a long time go on: one that the
// cluster refuses for now, one that is not answered, and those that wait for their turn.
// They end as refused or in doubt, and the next process has it so.
func TestCloseCutsShort(t *testing.T) {
	for _, blind := range []bool{false, true} {
		c := cluster(t)
		set := newSet(t, c)
		j := newRows()
		f := &perKey{Client: c, answers: map[string]as.AerospikeError{
			"busy": {ResultCode: types.KEY_BUSY}, "silent": {ResultCode: types.TIMEOUT, InDoubt: true},
		}}
		e := start(t, f, set, j)
		members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
		var opts []store.Option
		if blind {
			opts = []store.Option{store.Blind()}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var wg sync.WaitGroup
		update := func(key, name string, check func(error)) {
			wg.Go(func() {
				_, err := members.Update(ctx, key, insert(name), opts...)
				check(err)
			})
		}
		same := 3
		if blind { // one before another is in doubt, since the later builds on it
			same = 1
		}
		for range same {
			update("busy", "refused", func(err error) {
				if !errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrInDoubt) {
					t.Errorf("blind %v, refused for now: %v", blind, err)
				}
			})
		}
		update("silent", "in doubt", func(err error) {
			if !errors.Is(err, store.ErrInDoubt) {
				t.Errorf("blind %v, not answered: %v", blind, err)
			}
		})
		until(t, func() bool { return f.hits("busy") > 2 && f.hits("silent") > 2 })
		begun := time.Now()
		short, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := e.CloseContext(short); err != nil {
			t.Errorf("CloseContext: %v", err)
		}
		end()
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		wg.Wait()
		cancel()
		next := start(t, c, set, j.next(nil))
		if _, err := next.Remerge(t.Context()); err != nil {
			t.Fatal(err)
		}
		members = store.NewObjects(next, "", crdt.AWSetKind(crdt.String))
		for key, name := range map[string]string{"busy": "refused", "silent": "in doubt"} {
			s, _, err := members.View(t.Context(), key)
			if err != nil || s.Contains(name) != (key == "silent") {
				t.Errorf("blind %v, %s: %v, %v", blind, key, s, err)
			}
		}
		shut(t, next)
	}
}

// perKey is a client that answers writes to some keys without a word to the cluster.
type perKey struct {
	aerospike.Client
	answers map[string]as.AerospikeError

	mu   sync.Mutex
	seen map[string]int
}

func (p *perKey) hits(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[key]
}

func (p *perKey) Operate(w *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	key := k.Value().String()
	a, bad := p.answers[key]
	if !bad {
		return p.Client.Operate(w, k, ops...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = make(map[string]int)
	}
	p.seen[key]++
	return nil, &a
}
