package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
)

// The bins of a record, named by one letter since each record stores the names.
const (
	BinSnapshot = "s" // layout.AppendSnapshot
	BinStamp    = "w" // 8 random bytes, new with each snapshot
	BinQueue    = "q" // a map, ordered by key: layout.EntryKey → frame
	BinHash     = "h" // layout.Hash of the snapshot's frames
	BinBlocks   = "b" // the names of the snapshot's blocks, one after the other
	BinGone     = "g" // the names of those of them that were given up, likewise
	BinExcept   = "x" // a context: what the snapshot covers and has not applied
	BinOwner    = "o" // the identity of the cluster whose record it is
)

// Bins returns the names of all bins of a record.
func Bins() []string {
	return []string{BinSnapshot, BinStamp, BinQueue, BinHash, BinBlocks, BinGone, BinExcept, BinOwner}
}

// ReadBins reads the bins of a record. The record aliases them.
func ReadBins(rec *as.Record) (*layout.Record, error) {
	u := &layout.Record{}
	if bins := foreignBins(rec); bins != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, &layout.ForeignRecordError{Bins: bins})
	}
	if v, ok := rec.Bins[BinStamp]; ok {
		b, err := blob(BinStamp, v)
		if err != nil || len(b) != len(u.Stamp) {
			return nil, Corrupt("bin %q: %T of %d bytes, not a stamp", BinStamp, v, len(b))
		}
		u.Stamp = layout.Stamp(b)
	}
	if v, ok := rec.Bins[BinSnapshot]; ok {
		b, err := blob(BinSnapshot, v)
		if err != nil {
			return nil, err
		}
		if u.Snapshot, err = layout.ReadSnapshot(b); err != nil {
			return nil, Corrupt("bin %q: %w", BinSnapshot, err)
		}
		u.Size += len(b)
	}
	var err error
	if u.Blocks, err = readNames(rec, BinBlocks); err != nil {
		return nil, err
	}
	if u.Gone, err = readNames(rec, BinGone); err != nil {
		return nil, err
	}
	if v, ok := rec.Bins[BinExcept]; ok {
		b, err := blob(BinExcept, v)
		if err != nil {
			return nil, err
		}
		u.Unapplied = &clock.Context{}
		if err := u.Unapplied.UnmarshalBinary(b); err != nil {
			return nil, Corrupt("bin %q: %w", BinExcept, err)
		}
	}
	if v, ok := rec.Bins[BinOwner]; ok {
		n, ok := v.(int)
		if !ok {
			return nil, Corrupt("bin %q: %T, not an integer", BinOwner, v)
		}
		u.Owner = uint64(n)
	}
	if v, ok := rec.Bins[BinQueue]; ok {
		return u, readQueue(u, v)
	}
	return u, nil
}

// foreignBins returns the bins of a record that are not ours, in order; all of them, if
// it is no record of ours. Nil: it is.
func foreignBins(rec *as.Record) (names []string) {
	const ours = BinSnapshot + BinStamp + BinQueue + BinHash + BinBlocks + BinGone + BinExcept + BinOwner
	own := rec.Bins[BinSnapshot] != nil || rec.Bins[BinQueue] != nil
	for name := range rec.Bins {
		if !own || len(name) != 1 || !strings.Contains(ours, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readNames reads the names of blocks.
func readNames(rec *as.Record, bin string) (names []layout.EntryKey, err error) {
	v, ok := rec.Bins[bin]
	if !ok {
		return nil, nil
	}
	b, err := blob(bin, v)
	if err != nil || len(b)%len(layout.EntryKey{}) != 0 {
		return nil, Corrupt("bin %q: %T of %d bytes, not names of blocks", bin, v, len(b))
	}
	for name := range slices.Chunk(b, len(layout.EntryKey{})) {
		names = append(names, layout.EntryKey(name))
	}
	return names, nil
}

// readQueue reads the queue, and puts it into order of its keys. The client gives an
// ordered map as pairs, and one that somebody has made unordered as a Go map, whose keys
// of bytes are arrays.
func readQueue(u *layout.Record, v any) error {
	switch q := v.(type) {
	case []as.MapPair:
		u.Queue = make([]layout.Entry, 0, len(q))
		for i := range q {
			if err := readEntry(u, q[i].Key, q[i].Value); err != nil {
				return err
			}
		}
	case map[any]any:
		u.Queue = make([]layout.Entry, 0, len(q))
		for k, v := range q {
			if err := readEntry(u, k, v); err != nil {
				return err
			}
		}
	default:
		return Corrupt("bin %q: %T, not a map", BinQueue, v)
	}
	u.SortQueue() // pairs come so, unless somebody made the map of another order
	return nil
}

func readEntry(u *layout.Record, key, value any) error {
	k, ok := key.([16]byte)
	frame, ok2 := value.([]byte)
	if !ok || !ok2 {
		return Corrupt("bin %q: an entry of %T → %T", BinQueue, key, value)
	}
	e, err := layout.ReadEntry(k, frame)
	if err != nil {
		return Corrupt("bin %q: %w", BinQueue, err)
	}
	u.Queue = append(u.Queue, e)
	u.Size += len(frame) + len(k)
	return nil
}

func blob(bin string, v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, Corrupt("bin %q: %T, not bytes", bin, v)
	}
	return b, nil
}

// ErrCorrupt means that a record holds something that no version of this package
// writes. It is never overwritten.
var ErrCorrupt = errors.New("aerospike: corrupt record")

// Corrupt returns an error that matches ErrCorrupt, and the one that format makes.
func Corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}
