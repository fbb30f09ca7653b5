package aerospike

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
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
	entries := []layout.Entry{layout.NewEntry([]byte("frame")), layout.NewEntryExcept([]byte("frame"), except)}
	tags := crdt.AWSetKind(crdt.String)
	d, err := crdt.Mutate(tags.New(), crdt.NewWriter(7, time.Now), func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "a"); return nil })
	if err != nil {
		f.Fatal(err)
	}
	added, err := crdt.AppendFrame(nil, tags, d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(joined(
		changeRow(1, "ann", entries[0], stateDoubted), changeRow(2, "bob", entries[1], stateKept), changeRow(4, "", entries[0], stateNumbered),
		changeRow(5, "eve", layout.NewEntry(added), stateDropping), changeRow(6, "eve", layout.NewEntry(added), stateDropped),
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
		for n, c := range l.changes {
			row := c.journalRow()
			again, err := readChange(n, row.Value)
			if err != nil || again.key != c.key || again.entry.Key != c.entry.Key || again.state != c.state || !again.resolved.Equal(c.resolved) {
				t.Errorf("change %d: %+v, %v, and was %+v", n, again, err, c)
			}
		}
		l.disown()
		if len(l.last) != 0 || l.seq != 0 {
			t.Errorf("disowned: %v", l)
		}
	})
}

func changeRow(t ticket, key string, e layout.Entry, s changeState) JournalRow {
	c := &change{ticket: t, rowKey: changeKey(t), key: key, entry: e, state: s}
	if s.isResolved() {
		c.resolved = time.UnixMilli(1)
	}
	return c.journalRow()
}
