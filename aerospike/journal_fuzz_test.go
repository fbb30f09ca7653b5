package aerospike

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// rowBytes is a Journal of rows that stand one after the other, each key and value with
// its length before it.
type rowBytes []byte

func (p rowBytes) Proven() error            { return nil }
func (p rowBytes) Write([]JournalRow) error { return nil }

func (p rowBytes) Load() iter.Seq2[JournalRow, error] {
	return func(yield func(JournalRow, error) bool) {
		r := wire.NewReader(p)
		for r.Len() > 0 {
			row := JournalRow{Key: r.Bytes(), Value: r.Bytes()}
			if r.Err() != nil || !yield(row, nil) {
				return
			}
		}
	}
}

func joined(rows ...JournalRow) (p rowBytes) {
	for _, row := range rows {
		p = wire.AppendBytes(wire.AppendBytes(p, row.Key), row.Value)
	}
	return p
}

// FuzzJournal loads whatever rows there may be. What is accepted can be gone on from.
func FuzzJournal(f *testing.F) {
	except := &clock.Context{}
	except.Add(clock.Dot{Replica: 3, Seq: 9})
	entries := []unit.Entry{unit.NewEntry([]byte("frame")), unit.NewEntryExcept([]byte("frame"), except)}
	f.Add([]byte(joined(
		entryRow(1, "ann", &entries[0]), entryRow(2, "bob", &entries[1]), entryRow(4, "", &entries[0]),
		doubtRow(1), ackedRow(2, time.UnixMilli(1)), doubtRow(3),
		identity{7, "test/carts"}.row(), lastRow(7, 1, 2), lastRow(8, 1, 2), headRow(2, make([]byte, 8)),
	)))
	f.Add([]byte(joined(JournalRow{})))
	f.Fuzz(func(t *testing.T, in []byte) {
		kept := slices.Clone(in)
		l, err := load(rowBytes(in))
		if !slices.Equal(in, kept) {
			t.Fatal("load changed what it read")
		}
		if err != nil {
			if !errors.Is(err, ErrJournal) {
				t.Errorf("%v is not ErrJournal", err)
			}
			return
		}
		clear(in) // nothing of it may be kept
		if l.replica != 0 {
			r := newReplica(1, clock.NewHLC(time.Now, 0))
			r.resume(l)
			if head := r.head(); r.seq != l.seq || len(head.Value) != 16 {
				t.Errorf("goes on from %d, was %d: %x", r.seq, l.seq, head.Value)
			}
		}
		for n, e := range l.entries {
			back := entryRow(n, e.key, &e.entry)
			if key, again, err := readEntryRow(back.Value); err != nil || key != e.key || again.Key != e.entry.Key {
				t.Errorf("entry %d: %q %v, %v, and was %q %v", n, key, again, err, e.key, e.entry)
			}
		}
		l.forsake()
		if len(l.last) != 0 || l.seq != 0 {
			t.Errorf("forsaken: %v", l)
		}
	})
}
