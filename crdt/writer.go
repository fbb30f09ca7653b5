package crdt

import (
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Writer issues the events of one replica for values that are kept without a
// store. It numbers them over all objects, from 1; the caller must not use one
// replica id in two Writers, nor again after a restart, since it keeps nothing.
//
// As a Source it claims for each event only the number of that event, which is
// honest whatever object it is about. On gives a source whose claims keep the
// contexts of several objects compact. A Writer is not safe for concurrent use.
type Writer struct {
	id  clock.ReplicaID
	hlc *clock.HLC
	seq uint64
}

// NewWriter returns the writer of a replica whose writes are stamped by wall.
// It panics if id is 0 or wall is nil.
func NewWriter(id clock.ReplicaID, wall func() time.Time) *Writer {
	if !id.IsValid() {
		panic("crdt: NewWriter: replica id 0")
	}
	if wall == nil {
		panic("crdt: NewWriter: no clock")
	}
	return &Writer{id: id, hlc: clock.NewHLC(wall, 0)}
}

// Replica implements Source.
func (w *Writer) Replica() clock.ReplicaID { return w.id }

// Stamp implements Source.
func (w *Writer) Stamp(over ...clock.Timestamp) clock.Timestamp { return w.hlc.Stamp(over...) }

// Doubt implements Source: a value in memory knows what it did.
func (w *Writer) Doubt() uint64 { return 0 }

// Issue implements Source.
func (w *Writer) Issue(n int) (clock.Event, error) { return w.issue(n, w.seq) }

func (w *Writer) issue(n int, after uint64) (clock.Event, error) {
	if n < 1 || uint64(n) > clock.MaxSeq-w.seq {
		return clock.Event{}, fmt.Errorf("%d events after number %d", n, w.seq)
	}
	first := clock.Dot{Replica: w.id, Seq: w.seq + 1}
	w.seq += uint64(n)
	return clock.Event{Dot: first, After: after, Time: w.hlc.Now()}, nil
}

// On returns the source of the writer's events on one object. It remembers the
// writer's last event there, so all events on the object must come from it: an
// event that it does not know of would be declared dead by the next claim.
func (w *Writer) On() Source { return &objectWriter{Writer: w} }

type objectWriter struct {
	*Writer
	last uint64
}

// Issue implements Source.
func (w *objectWriter) Issue(n int) (clock.Event, error) {
	ev, err := w.issue(n, w.last)
	if err == nil {
		w.last = w.seq
	}
	return ev, err
}
