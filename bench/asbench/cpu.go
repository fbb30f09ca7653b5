package asbench

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func cpuCases() []bench.Case {
	return []bench.Case{
		{Name: "as/cpu-update", N: elements, Target: cpuTarget, Run: cpuUpdate},
		{Name: "as/cpu-view", N: elements, Target: cpuTarget, Run: cpuView(1)},
		{Name: "as/cpu-view-cold", N: elements, Run: cpuView(-1)},
	}
}

type sets = store.Objects[*crdt.AWSet[uint64]]

// inMemory measures what an engine does to a set in memory, whose queue is half
// full, on one processor, so that nothing idles beside it. It checks that the set
// has its elements afterwards, and was folded now and then.
func inMemory(b *bench.B, remembered int, do func(ctx context.Context, o sets, key string) error) (err error) {
	h, err := newHistory()
	if err != nil {
		return err
	}
	m, key := newMemory(), "set"
	if err := m.put(key, h.records[queueLength/2]); err != nil {
		return err
	}
	cfg := config(remembered)
	cfg.Watch, cfg.AuditEvery = -1, -1
	ctx := context.Background()
	e, err := aerospike.Open(ctx, m, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	o := store.NewObjects(e, "", setKind())
	if _, _, err := o.View(ctx, key); err != nil {
		return err
	}
	if err := loopCPU(b, func() error { return do(ctx, o, key) }); err != nil {
		return err
	}
	v, _, err := o.View(ctx, key)
	if err != nil {
		return err
	}
	bins, err := m.bins(key)
	if err == nil && (v.Len() != elements || queued(bins) > 2*queueLength) {
		err = fmt.Errorf("the set has %d elements and a queue of %d, want %d and below %d",
			v.Len(), queued(bins), elements, 2*queueLength)
	}
	return err
}

// cpuUpdate adds one element after the other, which are all there.
func cpuUpdate(b *bench.B) error {
	i := 0
	return inMemory(b, 1, func(ctx context.Context, o sets, key string) error {
		i++
		_, err := o.Update(ctx, key, adding(uint64(i%elements)))
		return err
	})
}

// cpuView reads the set by an engine that remembers so many.
func cpuView(remembered int) func(*bench.B) error {
	return func(b *bench.B) error {
		return inMemory(b, remembered, func(ctx context.Context, o sets, key string) error {
			_, _, err := o.View(ctx, key)
			return err
		})
	}
}

// loopCPU is loop, but time is that of the processor, where the system tells it.
func loopCPU(b *bench.B, do func() error) error {
	ready(b)
	from, ok := cpuTime()
	for b.Loop() {
		if err := do(); err != nil {
			return err
		}
	}
	if to, _ := cpuTime(); ok {
		b.ReportMetric(float64((to-from).Nanoseconds())/float64(b.N), "ns/op")
	}
	return nil
}

// put makes a record of bins as bins returns them.
func (m *memory) put(key string, bins as.BinMap) error {
	k, err := as.NewKey(namespace, set, key)
	if err != nil {
		return err
	}
	r := &stored{bins: as.BinMap{}, shared: true}
	for name, v := range bins {
		if q, ok := v.([]as.MapPair); ok {
			r.queue = q
		} else {
			r.bins[name] = v
		}
	}
	m.records[string(k.Digest())] = r
	return nil
}
