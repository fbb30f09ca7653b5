package layout

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// EntryKey is the name of a byte string in the queue.
type EntryKey [16]byte

// Compare returns -1, 0 or 1: the order of keys in a queue.
func (k *EntryKey) Compare(o *EntryKey) int {
	a, b := binary.BigEndian.Uint64(k[:]), binary.BigEndian.Uint64(o[:])
	if a == b {
		a, b = binary.BigEndian.Uint64(k[8:]), binary.BigEndian.Uint64(o[8:])
	}
	return cmp.Compare(a, b)
}

// KeyOf returns the key of an entry's bytes: the first half of their SHA-256. Peers
// that write to one cluster trust each other with far more than a collision of 2^64
// attempts would give them.
func KeyOf(b []byte) EntryKey {
	h := sha256.Sum256(b)
	return EntryKey(h[:len(EntryKey{})])
}

// Entry is a frame that waits in the queue. Its key is KeyOf its Bytes.
type Entry struct {
	Key   EntryKey
	Frame []byte
	// Unapplied are the events whose fate the frame tells without doing all that they
	// did: those that it ended. Nil says that there are none, or that it is not known.
	Unapplied *clock.Context
}

// NewEntry returns the entry of a frame, which it keeps.
func NewEntry(frame []byte) Entry { return Entry{Key: KeyOf(frame), Frame: frame} }

// NewEntryExcept returns the entry of a frame that leaves events unapplied. It
// keeps both.
func NewEntryExcept(frame []byte, unapplied *clock.Context) Entry {
	e := Entry{Frame: frame}
	if unapplied != nil && !unapplied.IsEmpty() {
		e.Unapplied = unapplied
	}
	e.Key = KeyOf(e.Bytes())
	return e
}

// An entry with events unapplied is marked by a byte that no frame begins with: it
// never stands in MessagePack.
const (
	entryMark    = 0xc1
	entryVersion = 1
)

// Bytes returns what stands in the queue: the frame, or before it the events that
// it leaves unapplied.
func (e *Entry) Bytes() []byte {
	if e.Unapplied == nil {
		return e.Frame
	}
	var room [128]byte
	c, err := e.Unapplied.AppendBinary(room[:0])
	if err != nil {
		panic(fmt.Sprintf("layout: a context that cannot be written: %v", err)) // documented not to happen
	}
	b := make([]byte, 0, 2+binary.MaxVarintLen32+len(c)+len(e.Frame))
	b = wire.AppendBytes(append(b, entryMark, entryVersion), c)
	return append(b, e.Frame...)
}

// ReadEntry reads what stands in the queue. The frame aliases b. Of an entry of a
// later version it returns all as the frame, which nothing here can join.
func ReadEntry(key EntryKey, b []byte) (Entry, error) {
	if len(b) < 2 || b[0] != entryMark || b[1] != entryVersion {
		return Entry{Key: key, Frame: b}, nil
	}
	r := wire.NewReader(b[2:])
	at := wire.NewReader(r.Bytes())
	unapplied := clock.ReadContext(at)
	if r.Err() == nil && at.Done() == nil && !unapplied.IsEmpty() {
		return Entry{key, b[2+r.Offset():], unapplied}, nil
	}
	return Entry{}, fmt.Errorf("entry %x: %w", key, clock.ErrCorrupt)
}
