package aerospike

import (
	"context"
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
