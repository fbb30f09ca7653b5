package aerospike

import (
	"cmp"
	"context"
	"encoding/binary"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// resolver merges in the background what is in doubt, until nothing is. A partition of
// the cluster that does not answer holds up nothing of the others: its changes are
// merged one at a time, each with a time of its own, and those that fail are asked for
// less and less often, after all others.
type resolver struct{ running atomic.Bool }

const (
	// openWait is how long a partition's changes wait, at first and after a failure,
	// doubled each time up to openWaitMost.
	openWait, openWaitMost = time.Second, 30 * time.Second
	// resolveAtOnce is how many partitions are worked on at a time.
	resolveAtOnce = 32
)

// wake starts the resolver unless it runs.
func (r *resolver) wake(e *Engine) {
	if r.running.CompareAndSwap(false, true) && !e.start((*Engine).resolveOpen) {
		r.running.Store(false)
	}
}

// queue is the changes in doubt of one partition.
type queue struct {
	partition int
	changes   []*doubt
	due       time.Time
	failures  int
	busy      bool
}

// openChanges returns all changes that are in doubt, oldest first. Object is nil in
// those of the process before.
func (l *ledger) openChanges(e *Engine) (open []*doubt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range slices.Sorted(maps.Keys(l.doubts)) {
		c := l.doubts[t]
		open = append(open, &doubt{e: e, o: c.object, v: c.value, c: c, delta: c.delta})
	}
	return open
}

// resolveOpen works through what is in doubt until nothing is.
func (e *Engine) resolveOpen() {
	queues, done, busy := make(map[int]*queue), make(chan *queue), 0
	for e.ctx.Err() == nil {
		e.fill(queues)
		if len(queues) == 0 {
			e.resolver.running.Store(false)
			if e.ledger.figures.open.Load() == 0 || !e.resolver.running.CompareAndSwap(false, true) {
				return
			}
		}
		for _, q := range due(queues, time.Now()) {
			if busy == resolveAtOnce {
				break
			}
			q.busy = e.start(func(e *Engine) {
				q.failures = e.work(q)
				done <- q
			})
			if q.busy {
				busy++
			}
		}
		tick := time.NewTimer(openWait / 2)
		select {
		case q := <-done:
			busy--
			q.busy, q.due = false, time.Now().Add(min(openWait<<min(q.failures, 8), openWaitMost))
		case <-tick.C:
		case <-e.ctx.Done():
		}
		tick.Stop()
	}
	for ; busy > 0; busy-- {
		<-done
	}
}

// fill puts what is in doubt into the queues of its partitions, but for those that are
// being worked on, and takes away those that are empty.
func (e *Engine) fill(queues map[int]*queue) {
	for _, q := range queues {
		if !q.busy {
			q.changes = q.changes[:0]
		}
	}
	for _, d := range e.ledger.openChanges(e) {
		k, err := e.records.Key(d.c.key)
		if err != nil { // it was a key when the change was issued
			e.cfg.Logger.Error("aerospike: change in doubt", slog.String("key", d.c.key), slog.Any("error", err))
			continue
		}
		id := partitionOfKey(k)
		q := queues[id]
		if q == nil {
			q = &queue{partition: id, due: time.Now().Add(openWait)}
			queues[id] = q
		}
		if !q.busy {
			q.changes = append(q.changes, d)
		}
	}
	maps.DeleteFunc(queues, func(_ int, q *queue) bool { return !q.busy && len(q.changes) == 0 })
}

// partitionOfKey returns the partition of the cluster that has a key.
func partitionOfKey(k *record.Key) int {
	return int(binary.LittleEndian.Uint16(k.Digest())) % 4096
}

// due returns the queues whose time has come, first those that did not fail.
func due(queues map[int]*queue, now time.Time) (out []*queue) {
	for _, q := range queues {
		if !q.busy && !q.due.After(now) {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b *queue) int {
		return cmp.Or(cmp.Compare(a.failures, b.failures), a.due.Compare(b.due), cmp.Compare(a.partition, b.partition))
	})
	return out
}

// work merges the changes of a queue until one takes too long, and returns how many
// times in a row that has happened.
func (e *Engine) work(q *queue) (failures int) {
	failed := false
	for _, d := range q.changes {
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		err := d.inBackground(ctx)
		over := ctx.Err() != nil
		cancel()
		if err != nil {
			failed = true
			e.cfg.Logger.Debug("aerospike: still in doubt", slog.String("key", d.c.key), slog.Any("error", err))
		}
		if over {
			break
		}
	}
	if failed {
		return q.failures + 1
	}
	return 0
}

// inBackground merges a change in doubt, of this process or of the one before.
func (d *doubt) inBackground(ctx context.Context) error {
	if d.o != nil {
		return d.merge(ctx)
	}
	_, err := d.e.remerge(ctx, d.c.key, []*change{d.c})
	return err
}
