package aerospike

import (
	"context"
	"encoding/binary"
	"errors"
)

// HoldResolver keeps the engine from resolving changes in doubt by itself.
func HoldResolver(e *Engine) { e.resolver.running.Store(true) }

// ResolveOnce does what the engine does by itself: it merges what is in doubt, once.
func ResolveOnce(ctx context.Context, e *Engine) error {
	var errs []error
	for _, d := range e.ledger.openChanges(e) {
		errs = append(errs, d.inBackground(ctx))
	}
	return errors.Join(errs...)
}

// InDoubt returns how many changes are in doubt, as the resolver finds them.
func InDoubt(e *Engine) int { return len(e.ledger.openChanges(e)) }

// AwaitJournal waits until the journal has all that was put so far.
func AwaitJournal(ctx context.Context, e *Engine) error {
	l := e.ledger
	l.mu.Lock()
	r := l.disk.put()
	l.run()
	l.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// NumberBeside numbers an event on another object, as one whose key has the same hash.
func NumberBeside(e *Engine, key string) error {
	k, err := e.records.Key(key)
	if err == nil {
		_, err = e.replica.issue(binary.BigEndian.Uint64(k.Digest()), 1)
	}
	return err
}
