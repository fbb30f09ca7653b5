package unit

import "context"

// Read reads key's unit, as Cluster.Read does, and its blocks; it tries until the
// context ends. The error matches ErrIncomplete if a block cannot be had.
func (w *Writer) Read(ctx context.Context, key string, newest bool) (*Unit, error) {
	var b backoff
	for {
		u, err := w.Cluster.Read(ctx, key, newest)
		if err == nil {
			err = w.resolve(ctx, u)
		}
		if err == nil {
			return u, nil
		}
		e := classify(err)
		if e.Class == Busy || e.Class == Overloaded {
			err = w.wait(ctx, &b, e)
		}
		if err != nil {
			return nil, settle(ctx, false, err)
		}
		w.count(Retried)
	}
}
