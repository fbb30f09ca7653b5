package aerospike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// The first byte of a row's key says what it is. Numbers in keys have eight bytes,
// the highest first, so that rows come in their order.
const (
	rowChange   = 'c' // ticket: a change, with its state
	rowIdentity = 'i' // whose journal this is
	rowLast     = 'l' // replica, hash of a key: the replica's last event on the object
	rowOwn      = 'o' // replica, ticket: a part of what the replica wrote to an object; see ownRows
	rowHead     = 's' // how far the replica has counted
)

// journalVersion is the version of the layout of the rows. In the first a change had
// a row for each of its states, and its revocation others.
const journalVersion = 2

// identity says whose journal this is: which replica's, in which set. Where is for
// people too.
type identity struct {
	replica clock.ReplicaID
	where   string
}

func (i identity) row() JournalRow {
	b := wire.AppendUint64([]byte{journalVersion}, uint64(i.replica))
	return JournalRow{Key: []byte{rowIdentity}, Value: wire.AppendBytes(b, i.where)}
}

// errJournalVersion is matched by the error of a journal of another layout.
var errJournalVersion = errors.New("the layout of the rows is version")

func readIdentity(v []byte) (identity, error) {
	r := wire.NewReader(v)
	if version := r.Byte(); r.Err() == nil && version != journalVersion {
		return identity{}, fmt.Errorf("%w %d, and this program has version %d", errJournalVersion, version, journalVersion)
	}
	i := identity{replica: clock.ReplicaID(r.Uint64())}
	i.where = string(r.Bytes())
	return i, r.Done()
}

// headRow says how far a replica has counted, and its clock.
func headRow(seq uint64, at []byte) JournalRow {
	return JournalRow{Key: []byte{rowHead}, Value: append(binary.BigEndian.AppendUint64(nil, seq), at...)}
}

func lastRow(id clock.ReplicaID, hash, seq uint64) JournalRow {
	k := binary.BigEndian.AppendUint64([]byte{rowLast}, uint64(id))
	k = binary.BigEndian.AppendUint64(k, hash)
	return JournalRow{Key: k, Value: binary.BigEndian.AppendUint64(nil, seq)}
}

func ownKey(id clock.ReplicaID, t ticket) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{rowOwn}, uint64(id)), uint64(t))
}

func ownRow(id clock.ReplicaID, t ticket, kind, key string, frame []byte) JournalRow {
	b := wire.AppendBytes(wire.AppendBytes(nil, kind), key)
	return JournalRow{Key: ownKey(id, t), Value: append(b, frame...)}
}

// changeKey returns the key of a change's row.
func changeKey(t ticket) (key [9]byte) {
	key[0] = rowChange
	binary.BigEndian.PutUint64(key[1:], uint64(t))
	return key
}

// A change's value is its state, when that was resolved (in milliseconds, 0: it is
// not), the object's key and the entry. Only the first two change.
const changeHead = 1 + 8

// journalRow returns the row of a change as it is now. The caller holds ledger.mu, and
// knows that nobody reads c.row.
func (c *change) journalRow() JournalRow {
	if c.row == nil {
		entry := c.entry.Bytes()
		c.row = make([]byte, changeHead, changeHead+binary.MaxVarintLen32+len(c.key)+len(entry))
		c.row = append(wire.AppendBytes(c.row, c.key), entry...)
	}
	state := c.state
	if state == stateSent {
		state = stateNumbered
	}
	c.row[0] = byte(state)
	at := int64(0)
	if state.isResolved() {
		at = c.resolved.UnixMilli()
	}
	binary.BigEndian.PutUint64(c.row[1:], uint64(at))
	return JournalRow{Key: c.rowKey[:], Value: c.row}
}

// readChange reads the value of a change's row. A revocation follows from the rest.
func readChange(t ticket, v []byte) (*change, error) {
	r := wire.NewReader(v)
	c := &change{ticket: t, rowKey: changeKey(t), durable: true, state: changeState(r.Byte())}
	at := r.Uint64()
	c.key = string(r.Bytes())
	if r.Err() != nil {
		return nil, r.Err()
	}
	if c.state > stateDropped || c.state == stateSent || c.state.isResolved() != (at != 0) {
		return nil, fmt.Errorf("%w: %v at %d", wire.ErrCorrupt, c.state, at)
	}
	b := append([]byte(nil), r.Next(r.Len())...)
	var err error
	if c.entry, err = layout.ReadEntry(layout.KeyOf(b), b); err != nil {
		return nil, err
	}
	if at != 0 {
		c.resolved = time.UnixMilli(int64(at))
	}
	if c.state == stateDropping || c.state == stateDropped {
		o, err := untyped.DecodeObject(c.entry.Frame) // one that can be revoked is causal
		if err == nil {
			c.revocation, err = revoke(o)
		}
		if err != nil {
			return nil, fmt.Errorf("a change that was abandoned: %w", err)
		}
	}
	return c, nil
}
