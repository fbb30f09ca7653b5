package aerospike

import "context"

// lockUpdate waits for the turn to run a transaction on the object, and returns
// how to give it back, once.
func (s *slot) lockUpdate(ctx context.Context) (unlock func(), err error) {
	select {
	case s.update <- struct{}{}:
		return func() { <-s.update }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
