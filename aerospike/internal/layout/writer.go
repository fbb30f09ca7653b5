package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Writer changes records. It holds no state between calls, and starts nothing; it
// is safe for concurrent use if its functions are.
type Writer struct {
	Cluster Cluster
	Kinds   []crdt.AnyKind
	Blocks  Blocks // nil: none are made, and records that name some are incomplete
	// QueueSize is how large a record may grow beyond its snapshot before a writer
	// folds it; RecordSize is what the cluster takes at most. In bytes. A part of that is
	// kept for changes that only end something.
	QueueSize, RecordSize int
	// Draw returns a number that was never drawn before, at random: a stamp.
	Draw func() uint64
	// Pause waits for a time, or for the end of the context, whose error it
	// returns then. The time is to be spread by a factor of 0.5 to 1.
	Pause func(ctx context.Context, d time.Duration) error
	// Count is told what happens, and Noticed what was found out about a record, unless
	// they are nil.
	Count   func(Event)
	Noticed func(key string, n Notice)
	// Recall returns what the process remembers of an object, or nil. A block that is
	// missing is made again from it. Recall itself may be nil.
	Recall func(key string) *State
}

// Event is something that happened in a Writer which nobody is told of otherwise.
type Event uint8

// Events.
const (
	Retried        Event = iota // an attempt was repeated
	Refusal                     // an append found the record too large
	Compacted                   // a queue was folded
	CompactionLost              // a compaction found another stamp
	BlockRestored               // a block that was missing was written again
)

// Waits between attempts: the first, doubled each time up to the last.
const (
	busyWait, busyWaitMost         = time.Millisecond, 50 * time.Millisecond
	overloadWait, overloadWaitMost = 100 * time.Millisecond, time.Second
)

// reserved is the part of a record that is kept for changes which end something: without
// it a full object could not be made smaller.
const reserved = 16

// limit returns how large a record may become by a change that adds something.
func (w *Writer) limit() int { return w.RecordSize - w.RecordSize/reserved }

func (w *Writer) count(e Event) {
	if w.Count != nil {
		w.Count(e)
	}
}

// Append puts entries into the queue of key's record and returns how many it holds
// then. It tries until the context ends. An error that matches ErrInDoubt leaves
// open whether it happened; any other says that it did not.
//
// With an exact guard it returns ErrStale where the record is no longer as it was
// read, or would become too big for the cluster, unless an earlier attempt is in doubt: then it appends whatever the record
// is, since the entries may be in it by now.
func (w *Writer) Append(ctx context.Context, key string, entries []Entry, guard Guard) (queued int, err error) {
	if guard.MaxSize <= 0 {
		guard.MaxSize = w.QueueSize
	}
	size := bytesIn(entries)
	if size > w.limit() { // where there is no record, no guard refuses it
		return w.appendFull(ctx, key, entries, fmt.Errorf("%w: a change of %d bytes, at most %d", ErrTooLarge, size, w.limit()))
	}
	guard.MaxSize = min(guard.MaxSize, w.limit()-size+1)
	doubt := false
	var was *Folding // by the refusal before
	for b := (backoff{}); ; {
		queued, err = w.Cluster.Append(ctx, key, entries, guard)
		if err == nil {
			return queued, nil
		}
		e := classify(err)
		doubt = doubt || e.Doubt
		switch e.Class {
		case Refused, TooBig:
			if guard.Exact && !doubt { // one that is too big is folded, which changes it
				return 0, ErrStale
			}
			guard.Exact = false
			w.count(Refusal)
			var there bool
			if there, queued, err = w.holds(ctx, key, entries); err != nil {
				return 0, outcome(ctx, doubt || !errors.Is(err, errNotOurs), err)
			}
			if there {
				return queued, nil
			}
			was, err = w.makeRoom(ctx, key, size, was)
			if err == nil {
				guard.MaxSize = min(was.Size+w.QueueSize, w.limit()-size+1)
			}
			if errors.Is(err, ErrTooLarge) {
				queued, err = w.appendFull(ctx, key, entries, err)
				return queued, outcome(ctx, doubt, err)
			}
		case Busy, Overloaded:
			err = nil
		default:
			return 0, outcome(ctx, doubt, e)
		}
		if err == nil {
			err = w.wait(ctx, &b, e)
		}
		if err != nil {
			return 0, outcome(ctx, doubt, err)
		}
		w.count(Retried)
	}
}

// holds reports whether a record that refused entries has them all the same, in its
// queue or folded, and how many its queue has. The client may send one append twice: the
// first may succeed, and the record be too large for the second, whose answer is what
// comes back.
func (w *Writer) holds(ctx context.Context, key string, entries []Entry) (there bool, queued int, err error) {
	rec, err := w.Read(ctx, key, true)
	if err != nil {
		return false, 0, err
	}
	var f Folded
	for i := range entries {
		if slices.ContainsFunc(rec.Queue, func(e Entry) bool { return e.Key == entries[i].Key }) {
			continue
		}
		if f.State == nil {
			if f, _, err = Fold(NewState(w.Kinds), rec); err != nil {
				return false, 0, err
			}
		}
		if !f.State.containsFrame(entries[i].Frame) {
			return false, 0, nil
		}
	}
	return true, len(rec.Queue), nil
}

// makeRoom folds the queue of a record that refused a change of n bytes, and returns
// what the record comes to. The change does not fit, ErrTooLarge, if the record has no
// room for it even so, or if it is the very record, to the byte, that was there after
// the refusal before, was. That there is nothing to fold says nothing: others fold too.
func (w *Writer) makeRoom(ctx context.Context, key string, n int, was *Folding) (*Folding, error) {
	f, err := w.fold(ctx, key, nil, true) // a copy that is behind may not be full
	if err != nil {
		return nil, err
	}
	if f.Size+n > w.limit() || was != nil && f.idle && f.stamp == was.stamp && f.Size == was.Size {
		return nil, fmt.Errorf("%w: a record of %d bytes and a change of %d, at most %d", ErrTooLarge, f.Size, n, w.limit())
	}
	return &f, nil
}

// appendFull writes entries to a record that has no room for them, if they only end
// something; full is the error if they do not.
func (w *Writer) appendFull(ctx context.Context, key string, entries []Entry, full error) (queued int, err error) {
	w.noticed(key, Full)
	return w.shrink(ctx, key, entries, full)
}

func (w *Writer) noticed(key string, n Notice) {
	if w.Noticed != nil {
		w.Noticed(key, n)
	}
}

// bytesIn returns how many bytes entries take in a queue.
func bytesIn(entries []Entry) (n int) {
	for i := range entries {
		n += len(entries[i].Bytes()) + len(EntryKey{})
	}
	return n
}

// wait waits before the next attempt, for a time that depends on the class of e.
func (w *Writer) wait(ctx context.Context, b *backoff, e *Error) error {
	var d time.Duration
	switch e.Class {
	case Busy:
		d = b.next(busyWait, busyWaitMost)
	case Overloaded:
		d = b.next(overloadWait, overloadWaitMost)
	default: // refused: by now there is room
		return ctx.Err()
	}
	if err := w.Pause(ctx, d); err != nil {
		return fmt.Errorf("%w: %w", err, e)
	}
	return nil
}

// outcome returns the error for an operation that is given up: err is that of its last
// attempt, and doubt says whether any of its attempts is in doubt.
func outcome(ctx context.Context, doubt bool, err error) error {
	switch {
	case err == nil:
		return nil
	case doubt:
		return fmt.Errorf("%w: %w", ErrInDoubt, err)
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded): // whose timer may be late
		return fmt.Errorf("%w: %w", ErrContention, err)
	}
	return err
}

type backoff struct{ last time.Duration }

// next returns the next time to wait.
func (b *backoff) next(first, most time.Duration) time.Duration {
	b.last = min(max(first, 2*b.last), most)
	return b.last
}
