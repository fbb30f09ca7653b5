package system

import "context"

// Turn lets one at a time through. It is a lock for what takes long, such as a question
// to a server: who waits for it heeds a context. NewTurn makes one.
type Turn chan struct{}

// NewTurn returns a Turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn. The caller gives it back with Done, unless there is an
// error, which is that of a context that ended.
func (t Turn) Take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Done gives the turn back.
func (t Turn) Done() { <-t }
