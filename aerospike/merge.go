package aerospike

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
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
	s, err := e.use(d.Key)
	if err == nil {
		defer e.slots.done(s)
		entry := unit.NewEntry(d.Frame)
		if err = settle(doubt, e.write(ctx, s, entry)); err == nil {
			e.journal.acknowledged(d.Key, entry, e.cfg.Now())
		}
	}
	if err != nil {
		return &store.KeyError{Key: d.Key, Err: inDoubt(err)}
	}
	return nil
}

// use returns the slot of a key.
func (e *Engine) use(key string) (*slot, error) {
	if s := e.slots.find(key); s != nil {
		e.records.Remember(s.client) // of more objects than it has room for, else made anew
		return s, nil
	}
	k, err := e.records.Key(key)
	if err != nil {
		return nil, err
	}
	return e.slots.use(e.replica, k, key), nil
}

// enter begins a call on the object under key; done ends it.
func (e *Engine) enter(ctx context.Context, key string) (s *slot, bounded context.Context, done func(), err error) {
	bounded, cancel, err := e.begin(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if s, err = e.use(key); err != nil {
		cancel()
		return nil, nil, nil, err
	}
	return s, bounded, func() { e.slots.done(s); cancel() }, nil
}

// change is a frame on its way into a record.
type change struct {
	entry unit.Entry
	done  chan struct{} // closed when err is set
	err   error
	again bool // err is only that of the one who wrote, whose time was over
}

func (c *change) isDone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// write merges an entry's frame into the object's record. Whoever comes first writes; what
// comes meanwhile waits, and is written together by the next.
func (e *Engine) write(ctx context.Context, s *slot, entry unit.Entry) error {
	doubt := false
	for {
		c := &change{entry: entry, done: make(chan struct{})}
		s.mu.Lock()
		s.waiting = append(s.waiting, c)
		s.mu.Unlock()
		if err := e.await(ctx, s, c); err != nil {
			return settle(doubt, err)
		}
		doubt = doubt || errors.Is(c.err, unit.ErrInDoubt)
		if !c.again || ctx.Err() != nil {
			return settle(doubt, c.err)
		}
	}
}

// send is write of a change that this process issued: when the journal has it.
func (e *Engine) send(ctx context.Context, s *slot, entry unit.Entry, t ticket) error {
	if err := e.journal.kept(ctx, t); err != nil {
		return err
	}
	return e.write(ctx, s, entry)
}

// settle keeps a doubt that an earlier attempt left.
func settle(doubt bool, err error) error {
	if doubt && err != nil && !errors.Is(err, unit.ErrInDoubt) {
		return fmt.Errorf("%w: %w", unit.ErrInDoubt, err)
	}
	return err
}

// await returns when c is done, whoever wrote it, or when the time is over.
func (e *Engine) await(ctx context.Context, s *slot, c *change) error {
	select {
	case <-c.done:
		return nil
	case s.write <- struct{}{}:
		for !c.isDone() { // there may be too much before it to go together
			e.fly(ctx, s)
		}
		<-s.write
		return nil
	case <-ctx.Done():
	}
	if s.withdraw(c) {
		return fmt.Errorf("%w: %w", unit.ErrContention, ctx.Err())
	}
	if c.isDone() {
		return nil
	}
	return fmt.Errorf("%w: %w", unit.ErrInDoubt, ctx.Err()) // somebody is writing it
}

// withdraw takes back a change that nobody has begun to write.
func (s *slot) withdraw(c *change) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.waiting {
		if s.waiting[i] == c {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
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

// take removes from the front what is to be written together.
func (s *slot) take() []*change {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, size := 0, 0
	for n < len(s.waiting) && n < togetherCount && (n == 0 || size+len(s.waiting[n].entry.Frame) <= togetherBytes) {
		size += len(s.waiting[n].entry.Frame)
		n++
	}
	cs := append([]*change(nil), s.waiting[:n]...)
	s.waiting = append(s.waiting[:0], s.waiting[n:]...)
	return cs
}

// fly writes what waits. The caller has the turn to write.
func (e *Engine) fly(ctx context.Context, s *slot) {
	cs := s.take()
	err := e.flyTogether(ctx, s, cs)
	if len(cs) > 1 && errors.Is(err, ErrStateTooLarge) { // perhaps only with one of them
		for _, c := range cs {
			c.finish(ctx, e.flyTogether(ctx, s, []*change{c}))
		}
		return
	}
	for _, c := range cs {
		c.finish(ctx, err)
	}
}

func (c *change) finish(ctx context.Context, err error) {
	c.err, c.again = err, err != nil && ctx.Err() != nil
	close(c.done)
}

func (e *Engine) flyTogether(ctx context.Context, s *slot, cs []*change) error {
	entries, err := e.entries(cs)
	if err != nil {
		return err
	}
	if _, err = e.append(ctx, s, entries, unit.Guard{}); err == nil {
		e.counts.wrote(len(cs))
	}
	return err
}

// entries returns what stands for the changes: themselves, or their join.
func (e *Engine) entries(cs []*change) ([]unit.Entry, error) {
	if len(cs) == 1 {
		return []unit.Entry{cs[0].entry}, nil
	}
	var es []unit.Entry
	join := unit.NewState(e.cfg.Kinds)
	for _, c := range cs {
		o, err := join.Decode(c.entry.Frame)
		if err == nil {
			_, err = join.MergeExcept(o, c.entry.Unapplied)
		}
		if err != nil { // not for us to judge: it is kept as it is
			es = append(es, c.entry)
		}
	}
	frames, err := join.Frames()
	for _, f := range frames {
		es = append(es, unit.NewEntryExcept(f, join.Unapplied()))
	}
	return es, err
}
