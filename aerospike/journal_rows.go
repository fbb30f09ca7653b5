package aerospike

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// The first byte of a row's key says what it is. Numbers in keys have eight bytes,
// the highest first, so that rows come in their order.
const (
	rowEntry    = 'e' // ticket: a change that was issued
	rowFate     = 'f' // ticket: what became of it
	rowIdentity = 'i' // whose journal this is
	rowLast     = 'l' // replica, hash of a key: the replica's last event on the object
	rowOwn      = 'o' // replica, ticket: a part of what the replica wrote to an object; see own
	rowHead     = 's' // how far the replica has counted
)

const journalVersion = 1

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

func readIdentity(v []byte) (identity, error) {
	r := wire.NewReader(v)
	if version := r.Byte(); r.Err() == nil && version != journalVersion {
		return identity{}, fmt.Errorf("%w: of version %d, and this is %d", ErrJournal, version, journalVersion)
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

func ticketKey(kind byte, t ticket) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, uint64(t))
}

func entryRow(t ticket, key string, e *unit.Entry) JournalRow {
	b := wire.AppendBytes(nil, key)
	return JournalRow{Key: ticketKey(rowEntry, t), Value: append(b, e.Bytes()...)}
}

func readEntryRow(v []byte) (key string, e unit.Entry, err error) {
	r := wire.NewReader(v)
	key = string(r.Bytes())
	if r.Err() != nil {
		return "", unit.Entry{}, r.Err()
	}
	b := r.Next(r.Len())
	b = append([]byte(nil), b...)
	e, err = unit.ReadEntry(unit.KeyOf(b), b)
	return key, e, err
}

// doubtRow says that a change may have been applied; ackedRow that it was, and when.
func doubtRow(t ticket) JournalRow {
	return JournalRow{Key: ticketKey(rowFate, t), Value: []byte{}}
}

func ackedRow(t ticket, at time.Time) JournalRow {
	return JournalRow{Key: ticketKey(rowFate, t), Value: binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))}
}

func gone(kind byte, t ticket) JournalRow { return JournalRow{Key: ticketKey(kind, t)} }
