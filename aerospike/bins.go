package aerospike

import (
	"fmt"
	"slices"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
)

// The bins of a unit, named by one letter since each record stores the names.
const (
	binSnapshot = "s" // unit.AppendSnapshot
	binStamp    = "w" // 8 random bytes, new with each snapshot
	binQueue    = "q" // a map, ordered by key: unit.EntryKey → frame
	binHash     = "h" // unit.Hash of the snapshot's frames
	binBlocks   = "b" // the names of the snapshot's blocks, one after the other
	binExcept   = "x" // a context: what the snapshot covers and has not applied
	binOwner    = "o" // the identity of the cluster whose unit it is
)

// readUnit reads the bins of a record. The unit aliases them.
func readUnit(rec *as.Record) (*unit.Unit, error) {
	u := &unit.Unit{}
	if v, ok := rec.Bins[binStamp]; ok {
		b, err := blob(binStamp, v)
		if err != nil || len(b) != len(u.Stamp) {
			return nil, corrupt("bin %q: %T of %d bytes, not a stamp", binStamp, v, len(b))
		}
		u.Stamp = unit.Stamp(b)
	}
	if v, ok := rec.Bins[binSnapshot]; ok {
		b, err := blob(binSnapshot, v)
		if err != nil {
			return nil, err
		}
		if u.Snapshot, err = unit.ReadSnapshot(b); err != nil {
			return nil, corrupt("bin %q: %w", binSnapshot, err)
		}
		u.Size += len(b)
	}
	if v, ok := rec.Bins[binBlocks]; ok {
		b, err := blob(binBlocks, v)
		if err != nil || len(b)%len(unit.EntryKey{}) != 0 {
			return nil, corrupt("bin %q: %T of %d bytes, not names of blocks", binBlocks, v, len(b))
		}
		for name := range slices.Chunk(b, len(unit.EntryKey{})) {
			u.Blocks = append(u.Blocks, unit.EntryKey(name))
		}
	}
	if v, ok := rec.Bins[binExcept]; ok {
		b, err := blob(binExcept, v)
		if err != nil {
			return nil, err
		}
		u.Unapplied = &clock.Context{}
		if err := u.Unapplied.UnmarshalBinary(b); err != nil {
			return nil, corrupt("bin %q: %w", binExcept, err)
		}
	}
	if v, ok := rec.Bins[binOwner]; ok {
		n, ok := v.(int)
		if !ok {
			return nil, corrupt("bin %q: %T, not an integer", binOwner, v)
		}
		u.Owner = uint64(n)
	}
	if v, ok := rec.Bins[binQueue]; ok {
		return u, readQueue(u, v)
	}
	return u, nil
}

// readQueue reads the queue, and puts it into order of its keys. The client gives an
// ordered map as pairs, and one that somebody has made unordered as a Go map, whose keys
// of bytes are arrays.
func readQueue(u *unit.Unit, v any) error {
	switch q := v.(type) {
	case []as.MapPair:
		u.Queue = make([]unit.Entry, 0, len(q))
		for i := range q {
			if err := readEntry(u, q[i].Key, q[i].Value); err != nil {
				return err
			}
		}
	case map[any]any:
		u.Queue = make([]unit.Entry, 0, len(q))
		for k, v := range q {
			if err := readEntry(u, k, v); err != nil {
				return err
			}
		}
	default:
		return corrupt("bin %q: %T, not a map", binQueue, v)
	}
	u.SortQueue() // pairs come so, unless somebody made the map of another order
	return nil
}

func readEntry(u *unit.Unit, key, value any) error {
	k, ok := key.([16]byte)
	frame, ok2 := value.([]byte)
	if !ok || !ok2 {
		return corrupt("bin %q: an entry of %T → %T", binQueue, key, value)
	}
	e, err := unit.ReadEntry(k, frame)
	if err != nil {
		return corrupt("bin %q: %w", binQueue, err)
	}
	u.Queue = append(u.Queue, e)
	u.Size += len(frame) + len(k)
	return nil
}

func blob(bin string, v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, corrupt("bin %q: %T, not bytes", bin, v)
	}
	return b, nil
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}
