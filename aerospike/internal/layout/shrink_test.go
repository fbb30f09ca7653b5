package layout_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// filled returns a record to which nothing can be added, and who wrote it: tags of 100
// bytes, a counter, and a memo.
func filled(t *testing.T) (*cluster, *layout.Writer, *actor) {
	t.Helper()
	c, a := newCluster(), newActor(t, 1)
	w := c.writer()
	w.RecordSize, w.QueueSize = 8<<10, 1<<10
	write := func(d *crdt.Doc) error {
		_, err := w.Append(t.Context(), key, []layout.Entry{layout.NewEntry(frameOf(d))}, layout.Guard{})
		return err
	}
	if err := write(a.do(func(tx *crdt.Tx, d *crdt.Doc) {
		balanceField.In(d).Add(tx, 7)
		memoField.In(d).Set(tx, strings.Repeat("m", 200))
	})); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{100, 1} {
		for i := 0; ; i++ {
			before := a.doc.Clone()
			if err := write(a.add(fmt.Sprintf("%0*d", size, i))); err != nil {
				if !errors.Is(err, layout.ErrTooLarge) {
					t.Fatal(err)
				}
				a.doc = before
				break
			}
		}
	}
	return c, w, a
}

// A full record takes what only ends something, and nothing else.
func TestFullRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(tx *crdt.Tx, d *crdt.Doc)
		want error
	}{
		{"an add", func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Add(tx, strings.Repeat("n", 100)) }, layout.ErrTooLarge},
		{"a small add", func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Add(tx, "new") }, layout.ErrTooLarge},
		{"an add for a remove", func(tx *crdt.Tx, d *crdt.Doc) {
			tagsField.In(d).Remove(tx, fmt.Sprintf("%0100d", 3))
			tagsField.In(d).Add(tx, strings.Repeat("n", 90))
		}, nil},
		{"a remove", func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Remove(tx, fmt.Sprintf("%0100d", 3)) }, nil},
		{"a clear", func(tx *crdt.Tx, d *crdt.Doc) { tagsField.In(d).Clear(tx) }, nil},
		{"a reset", func(tx *crdt.Tx, d *crdt.Doc) { balanceField.In(d).Reset(tx) }, nil},
		{"an overwrite that shrinks", func(tx *crdt.Tx, d *crdt.Doc) { memoField.In(d).Set(tx, "m") }, nil},
		{"an overwrite that grows", func(tx *crdt.Tx, d *crdt.Doc) { memoField.In(d).Set(tx, strings.Repeat("m", 400)) }, layout.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, w, a := filled(t)
			noticed := layout.Whole
			w.Noticed = func(_ string, n layout.Notice) { noticed = n }
			b := newActor(t, 2) // another process, which the record does not know
			b.doc.Merge(a.doc)
			d := b.do(tt.do)
			_, err := w.Append(t.Context(), key, []layout.Entry{layout.NewEntry(frameOf(d))}, layout.Guard{})
			if !errors.Is(err, tt.want) {
				t.Fatalf("Append: %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				if errors.Is(err, layout.ErrInDoubt) || noticed != layout.Full {
					t.Errorf("Append: %v, noticed %d, want Full", err, noticed)
				}
				b.doc = a.doc
			}
			if got := c.account(t); !got.Equal(b.doc) {
				t.Errorf("the record shows %d tags, want %d", tagsField.In(got).Len(), tagsField.In(b.doc).Len())
			}
		})
	}
}

// A record beyond the limit, as two clusters below it come to together, can be read and
// made smaller: until it takes everything again.
func TestRecordBeyondTheLimit(t *testing.T) {
	t.Parallel()
	c, w, a := filled(t)
	w.RecordSize = 4 << 10 // that is less than half of it
	if _, err := w.Compact(t.Context(), key, nil); err != nil {
		t.Fatalf("Compact of what the record has: %v", err)
	}
	add := layout.NewEntry(frameOf(newActor(t, 2).add("small")))
	removes := 0
	for _, tag := range slices.Collect(tagsField.In(a.doc).All()) {
		if _, err := w.Append(t.Context(), key, []layout.Entry{add}, layout.Guard{}); err == nil {
			break
		} else if !errors.Is(err, layout.ErrTooLarge) {
			t.Fatal(err)
		}
		e := layout.NewEntry(frameOf(a.remove(tag)))
		if _, err := w.Append(t.Context(), key, []layout.Entry{e}, layout.Guard{}); err != nil {
			t.Fatalf("remove %d, of a record of %d bytes: %v", removes, c.v.size(), err)
		}
		if _, err := w.Read(t.Context(), key, true); err != nil {
			t.Fatal(err)
		}
		removes++
	}
	if removes < 20 || c.v.size() > w.RecordSize+200 {
		t.Errorf("after %d removes the record has %d bytes", removes, c.v.size())
	}
}

// TestFullRecordHistories changes a small record at random while writes are lost, not
// answered and refused. What was acknowledged is there, what was refused is not, and a
// remove is never refused for the record's size.
func TestFullRecordHistories(t *testing.T) {
	t.Parallel()
	shrunk := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		c, w, a := filled(t)
		for range 60 {
			before := a.doc.Clone()
			tags := slices.Collect(tagsField.In(a.doc).All())
			removes := len(tags) > 0 && r.IntN(2) == 0
			var d *crdt.Doc
			if removes {
				d = a.remove(tags[r.IntN(len(tags))])
			} else {
				d = a.add(fmt.Sprintf("%0*d", 1+r.IntN(100), r.IntN(1000)))
			}
			if d.IsBottom() {
				continue
			}
			c.fates = []int{r.IntN(4), r.IntN(4), r.IntN(4)} // done, busy, lost, unanswered
			entry := layout.NewEntry(frameOf(d))
			compacted := c.v.stamp
			_, err := w.Append(t.Context(), key, []layout.Entry{entry}, layout.Guard{})
			c.fates = nil
			if err == nil && removes && c.v.stamp != compacted && len(c.v.queue) == 0 {
				shrunk++
			}
			switch there := crdt.Contains(c.account(t), d); {
			case err == nil && !there:
				t.Fatalf("seed %d: acknowledged, and not there", seed)
			case removes && errors.Is(err, layout.ErrTooLarge):
				t.Fatalf("seed %d: a remove is refused: %v", seed, err)
			case errors.Is(err, layout.ErrInDoubt): // as it turned out
				if !there {
					a.doc = before
					a.src = newActor(t, a.src.Replica()+1).src
				}
			case err != nil && there && !crdt.Contains(before, d):
				t.Fatalf("seed %d: refused, and there: %v", seed, err)
			case err != nil:
				a.doc = before
				a.src = newActor(t, a.src.Replica()+1).src
			}
		}
	}
	if shrunk == 0 {
		t.Error("no change was folded in for lack of room")
	}
}
