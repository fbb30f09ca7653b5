package layout

import "context"

// Read reads key's record, as Cluster.Read does, and its blocks; it tries until the
// context ends. If a block cannot be had, and cannot be made of what the process
// remembers of the object, the error is an *IncompleteError.
func (w *Writer) Read(ctx context.Context, key string, newest bool) (*Record, error) {
	rec, err := w.ReadPart(ctx, key, newest)
	if err != nil {
		return nil, err
	}
	err = rec.missing()
	if err != nil && w.Recall != nil {
		var rebuilt int
		if s := w.Recall(key); s != nil {
			rebuilt, _ = w.Rebuild(ctx, rec, s) // what fails leaves the block missing, which is told
		}
		if rebuilt > 0 {
			if rec, err = w.ReadPart(ctx, key, newest); err != nil {
				return nil, err
			}
			err = rec.missing()
		}
	}
	w.noticed(key, w.notice(rec, err))
	if err != nil {
		return nil, err
	}
	return rec, nil
}

// ReadPart is Read for who can do with a part of the object. Blocks that cannot be had
// are left out, and in the records' Missing. What there is is below the object in the
// lattice: it can be merged anywhere, but it must not be shown as the object's value, and
// no transaction may run on it.
func (w *Writer) ReadPart(ctx context.Context, key string, newest bool) (*Record, error) {
	var b backoff
	for {
		rec, err := w.Cluster.Read(ctx, key, newest)
		if err == nil {
			err = w.resolve(ctx, rec)
		}
		if err == nil {
			return rec, nil
		}
		e := classify(err)
		if e.Class == Busy || e.Class == Overloaded {
			err = w.wait(ctx, &b, e)
		}
		if err != nil {
			return nil, outcome(ctx, false, err)
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
func (w *Writer) notice(rec *Record, err error) Notice {
	if err != nil {
		return Incomplete
	}
	switch limit := w.limit(); {
	case rec.Size >= limit:
		return Full
	case rec.Size >= limit-limit/8:
		return NearlyFull
	}
	parts := 0
	for _, f := range rec.Parts {
		parts += len(f)
	}
	// Half of what a fold moves away, so that one that has just done so is not asked to
	// bring it back.
	if parts > 0 && parts <= w.contextLimit()/2 && rec.Size+parts <= w.limit() {
		return Foldable
	}
	return Whole
}
