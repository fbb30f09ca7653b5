package unit

import "context"

// Read reads key's record, as Cluster.Read does, and its blocks; it tries until the
// context ends. If a block cannot be had, and cannot be made of what the process
// remembers of the object, the error is an *IncompleteError.
func (w *Writer) Read(ctx context.Context, key string, newest bool) (*Unit, error) {
	u, err := w.ReadPart(ctx, key, newest)
	if err != nil {
		return nil, err
	}
	err = u.missing()
	if err != nil && w.Recall != nil {
		var rebuilt int
		if s := w.Recall(key); s != nil {
			rebuilt, _ = w.Rebuild(ctx, u, s) // what fails leaves the block missing, which is told
		}
		if rebuilt > 0 {
			if u, err = w.ReadPart(ctx, key, newest); err != nil {
				return nil, err
			}
			err = u.missing()
		}
	}
	w.noticed(key, w.notice(u, err))
	if err != nil {
		return nil, err
	}
	return u, nil
}

// ReadPart is Read for who can do with a part of the object. Blocks that cannot be had
// are left out, and in the units' Missing. What there is is below the object in the
// lattice: it can be merged anywhere, but it must not be shown as the object's value, and
// no transaction may run on it.
func (w *Writer) ReadPart(ctx context.Context, key string, newest bool) (*Unit, error) {
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

// Notice is what a read or a write found out about a record.
type Notice uint8

// Notices. Each replaces what was noticed of the record before.
const (
	Whole      Notice = iota // nothing is wrong with it
	Foldable                 // whole, and it names blocks which would fit into it
	Incomplete               // a block of it is missing
	NearlyFull               // whole, and if it was Full before, that still holds
	Full                     // it has no room for more; see ErrTooLarge
)

// notice returns what a read found.
func (w *Writer) notice(u *Unit, err error) Notice {
	if err != nil {
		return Incomplete
	}
	switch limit := w.limit(); {
	case u.Size >= limit:
		return Full
	case u.Size >= limit-limit/8:
		return NearlyFull
	}
	parts := 0
	for _, f := range u.Parts {
		parts += len(f)
	}
	// Half of what a fold moves away, so that one that has just done so is not asked to
	// bring it back.
	if parts > 0 && parts <= w.contextLimit()/2 && u.Size+parts <= w.limit() {
		return Foldable
	}
	return Whole
}
