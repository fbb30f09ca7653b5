package aerospike

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/store"
)

// Merge implements store.Engine. Several objects go to the cluster in batches.
// Deltas of one object that are merged at the same time, here or in other calls,
// go as one.
func (e *Engine) Merge(ctx context.Context, deltas ...store.Delta) error {
	ctx, cancel, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	if len(deltas) == 1 {
		return e.mergeOne(ctx, &deltas[0], false)
	}
	errs := make([]error, len(deltas))
	for from := 0; from < len(deltas); from += batchSize {
		to := min(from+batchSize, len(deltas))
		e.mergeBatch(ctx, deltas[from:to], errs[from:to])
	}
	return errors.Join(errs...)
}

// mergeOne merges a delta of which an earlier attempt may have left a doubt.
func (e *Engine) mergeOne(ctx context.Context, d *store.Delta, doubt bool) error {
	o, err := e.use(d.Key)
	if err == nil {
		defer e.objects.done(o)
		entry := layout.NewEntry(d.Frame)
		if err = stillInDoubt(doubt, e.write(ctx, o, entry)); err == nil {
			e.ledger.keepForeign(d.Key, entry, e.cfg.Now())
		}
	}
	if err != nil {
		return keyError(d.Key, err)
	}
	return nil
}

// use returns the object of a key.
func (e *Engine) use(key string) (*object, error) {
	if o := e.objects.find(key); o != nil {
		e.records.Remember(o.client) // of more objects than it has room for, else made anew
		return o, nil
	}
	k, err := e.records.Key(key)
	if err != nil {
		return nil, err
	}
	return e.objects.use(e.replica, k, key), nil
}

// enter begins a call on the object under key; done ends it.
func (e *Engine) enter(ctx context.Context, key string) (o *object, bounded context.Context, done func(), err error) {
	bounded, cancel, err := e.begin(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if o, err = e.use(key); err != nil {
		cancel()
		return nil, nil, nil, err
	}
	return o, bounded, func() { e.objects.done(o); cancel() }, nil
}

// write is a frame on its way into a record.
type write struct {
	entry layout.Entry
	done  chan struct{} // closed when err is set
	err   error
	again bool // err is only that of the one who wrote, whose time was over
}

func (w *write) isDone() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// write merges an entry's frame into the object's record. If the entry is of a change in the
// ledger, the caller has persisted that before; see send. Whoever comes first writes; what
// comes meanwhile waits, and is written together by the next.
func (e *Engine) write(ctx context.Context, o *object, entry layout.Entry) error {
	doubt := false
	for {
		w := &write{entry: entry, done: make(chan struct{})}
		o.mu.Lock()
		o.waiting = append(o.waiting, w)
		o.mu.Unlock()
		if err := e.await(ctx, o, w); err != nil {
			return stillInDoubt(doubt, err)
		}
		doubt = doubt || errors.Is(w.err, layout.ErrInDoubt)
		if !w.again || ctx.Err() != nil {
			return stillInDoubt(doubt, w.err)
		}
	}
}

// send is write of a change that this process numbered: when the journal has it.
func (e *Engine) send(ctx context.Context, o *object, c *change) error {
	if err := e.ledger.persist(ctx, c); err != nil {
		return err
	}
	return e.write(ctx, o, c.entry)
}

// stillInDoubt keeps a doubt that an earlier attempt left.
func stillInDoubt(doubt bool, err error) error {
	if doubt && err != nil && !errors.Is(err, layout.ErrInDoubt) {
		return fmt.Errorf("%w: %w", layout.ErrInDoubt, err)
	}
	return err
}

// await returns when c is done, whoever wrote it, or when the time is over.
func (e *Engine) await(ctx context.Context, o *object, w *write) error {
	var why error
	select {
	case <-w.done:
		return nil
	case o.writing <- struct{}{}:
		for !w.isDone() { // there may be too much before it to go together
			e.writeNext(ctx, o)
		}
		<-o.writing
		return nil
	case <-ctx.Done():
		why = ctx.Err()
	case <-e.cut:
		why = errCut
	}
	if o.withdraw(w) {
		return fmt.Errorf("%w: %w", layout.ErrContention, why)
	}
	if w.isDone() {
		return nil
	}
	return fmt.Errorf("%w: %w", layout.ErrInDoubt, why) // somebody is writing it
}

// withdraw takes back a write that nobody has begun.
func (o *object) withdraw(w *write) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.waiting {
		if o.waiting[i] == w {
			o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// What is written together at most.
const (
	togetherCount = 256
	togetherBytes = 64 << 10
)

// takeWaiting removes from the front what is to be written together.
func (o *object) takeWaiting() []*write {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.waiting) && n < togetherCount && (n == 0 || size+len(o.waiting[n].entry.Frame) <= togetherBytes) {
		size += len(o.waiting[n].entry.Frame)
		n++
	}
	ws := append([]*write(nil), o.waiting[:n]...)
	o.waiting = append(o.waiting[:0], o.waiting[n:]...)
	return ws
}

// writeNext writes what waits. The caller has the turn to write.
func (e *Engine) writeNext(ctx context.Context, o *object) {
	ws := o.takeWaiting()
	err := e.writeTogether(ctx, o, ws)
	if len(ws) > 1 && errors.Is(err, ErrStateTooLarge) { // perhaps only with one of them
		for _, w := range ws {
			w.finish(ctx, e.writeTogether(ctx, o, []*write{w}))
		}
		return
	}
	for _, w := range ws {
		w.finish(ctx, err)
	}
}

func (w *write) finish(ctx context.Context, err error) {
	w.err, w.again = err, err != nil && ctx.Err() != nil
	close(w.done)
}

func (e *Engine) writeTogether(ctx context.Context, o *object, ws []*write) error {
	entries, err := e.entries(ws)
	if err != nil {
		return err
	}
	known := o.known()
	queued, err := e.append(ctx, o, entries, layout.Guard{})
	if err != nil {
		return err
	}
	e.counts.wrote(len(ws))
	for i := range known {
		known[i].wrote(entries, queued)
	}
	return nil
}

// entries returns what stands for the changes: themselves, or their join.
func (e *Engine) entries(ws []*write) ([]layout.Entry, error) {
	if len(ws) == 1 {
		return []layout.Entry{ws[0].entry}, nil
	}
	var es []layout.Entry
	join := layout.NewState(e.kinds())
	for _, w := range ws {
		o, err := join.Decode(w.entry.Frame)
		if err == nil {
			_, err = join.MergeExcept(o, w.entry.Unapplied)
		}
		if err != nil { // not for us to judge: it is kept as it is
			es = append(es, w.entry)
		}
	}
	frames, err := join.Frames()
	for _, f := range frames {
		es = append(es, layout.NewEntryExcept(f, join.Unapplied()))
	}
	return es, err
}
