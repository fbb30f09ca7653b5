package aerospike

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// left is what a journal holds of the process before.
type left struct {
	identity
	seq     uint64
	clock   []byte
	last    map[uint64]uint64 // of that replica
	stale   [][]byte          // keys of rows of replicas before
	own     map[ownName][]ownPart
	changes map[ticket]*change
	next    ticket
}

// load reads all of a journal. Of one of another layout, whose rows may mean anything,
// it reads nothing but the version.
func load(j Journal) (*left, error) {
	l := &left{last: make(map[uint64]uint64), own: make(map[ownName][]ownPart), changes: make(map[ticket]*change)}
	var failed error
	for row, err := range j.Load() {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrJournal, err)
		}
		if failed != nil && (len(row.Key) == 0 || row.Key[0] != rowIdentity) {
			continue
		}
		switch err := l.take(row); {
		case errors.Is(err, errJournalVersion):
			return nil, fmt.Errorf("%w: %w", ErrJournal, err)
		case err != nil && failed == nil:
			failed = fmt.Errorf("%w: row %x: %w", ErrJournal, row.Key, err)
		}
	}
	if failed != nil {
		return nil, failed
	}
	if (l.replica == 0) != (l.clock == nil) {
		return nil, fmt.Errorf("%w: replica %v with clock %x: one without the other", ErrJournal, l.replica, l.clock)
	}
	return l, nil
}

// take takes in a row. They come in the order of their kinds: what is somebody's after
// the identity.
func (l *left) take(row JournalRow) (err error) {
	k := wire.NewReader(row.Key)
	v := wire.NewReader(row.Value)
	switch k.Byte() {
	case rowIdentity:
		l.identity, err = readIdentity(row.Value)
		return err
	case rowHead:
		if l.seq = v.Uint64(); l.seq > clock.MaxSeq {
			v.Failf("event number %d", l.seq)
		}
		l.clock = append([]byte(nil), v.Next(8)...)
	case rowLast:
		id, hash, seq := clock.ReplicaID(k.Uint64()), k.Uint64(), v.Uint64()
		if seq > clock.MaxSeq {
			v.Failf("event number %d", seq)
		}
		if id == l.replica {
			l.last[hash] = seq
		} else {
			l.stale = append(l.stale, append([]byte(nil), row.Key...))
		}
	case rowChange:
		t := ticket(k.Uint64())
		c, err := readChange(t, row.Value)
		if err != nil {
			return err
		}
		l.changes[t], l.next = c, max(l.next, t)
		v.Next(v.Len())
	case rowOwn:
		id, t := clock.ReplicaID(k.Uint64()), ticket(k.Uint64())
		name := ownName{string(v.Bytes()), string(v.Bytes())}
		frame := append([]byte(nil), v.Next(v.Len())...)
		l.next = max(l.next, t)
		if id != l.replica {
			l.stale = append(l.stale, append([]byte(nil), row.Key...))
		} else {
			l.own[name] = append(l.own[name], ownPart{t, frame})
		}
	default:
		return fmt.Errorf("%w: of a kind that this version does not know", wire.ErrCorrupt)
	}
	if err := v.Done(); err != nil {
		return err
	}
	return k.Done()
}

// disown turns what is left into that of another process: its changes are kept, but
// not those of which nobody was told anything, which it may have taken back.
func (l *left) disown() {
	for hash := range l.last {
		l.stale = append(l.stale, lastRow(l.replica, hash, 0).Key)
	}
	for _, parts := range l.own {
		for _, p := range parts {
			l.stale = append(l.stale, ownKey(l.replica, p.ticket))
		}
	}
	clear(l.own)
	l.last, l.seq = make(map[uint64]uint64), 0
	for t, c := range l.changes {
		if c.state == stateNumbered {
			l.stale = append(l.stale, c.rowKey[:])
			delete(l.changes, t)
		}
	}
}

// doubt takes what was on its way for doubted, and returns the rows that say so. They go
// into the first write of the process: it merges these changes from then on, so one that
// comes later must do so too, also without a proof, when it deletes what is numbered.
func (l *left) doubt() (rows []JournalRow) {
	for _, t := range slices.Sorted(maps.Keys(l.changes)) {
		if c := l.changes[t]; c.state == stateNumbered {
			c.state = stateDoubted
			rows = append(rows, c.journalRow())
		}
	}
	return rows
}
