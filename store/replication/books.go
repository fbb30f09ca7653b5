package replication

import (
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// The core's books: who this replica is, what it has applied, what it may hold
// beyond that, and the index. They are written in the batch of the effects that
// they speak of, so they are never ahead of them.
const (
	bookIdentity = "identity"
	bookApplied  = "applied"
	bookHeld     = "held"
	bookIndex    = "index/" // + replica and number, eight bytes each
)

// identity is who writes: an incarnation, how far it has reserved numbers, and
// how often it was opened.
type identity struct {
	replica  clock.ReplicaID
	reserved uint64
	boots    uint64
}

func (id identity) book() Book {
	b := wire.AppendUint64(nil, uint64(id.replica))
	b = wire.AppendUvarint(b, id.reserved)
	return Book{bookIdentity, wire.AppendUvarint(b, id.boots)}
}

func readIdentity(b []byte) (identity, error) {
	r := wire.NewReader(b)
	id := identity{clock.ReplicaID(r.Uint64()), r.Uvarint(), r.Uvarint()}
	if r.Err() == nil && (!id.replica.IsValid() || id.reserved > clock.MaxSeq) {
		r.Failf("replica %v, %d numbers reserved", id.replica, id.reserved)
	}
	return id, r.Done()
}

func indexKey(d clock.Dot) string {
	return bookIndex + string(wire.AppendUint64(wire.AppendUint64(nil, uint64(d.Replica)), d.Seq))
}

// restore reads the books into c.
func (c *Core) restore(books []Book) (was identity, err error) {
	for _, b := range books {
		switch {
		case b.Key == bookIdentity:
			was, err = readIdentity(b.Value)
		case b.Key == bookApplied:
			err = readSet(b.Value, &c.applied)
		case b.Key == bookHeld:
			err = readSet(b.Value, &c.held)
		case strings.HasPrefix(b.Key, bookIndex):
			err = c.restoreIndex(b)
		default:
			err = fmt.Errorf("%w: unknown book", clock.ErrCorrupt)
		}
		if err != nil {
			return was, fmt.Errorf("replication: book %q: %w", b.Key, err)
		}
	}
	return was, nil
}

func readSet(b []byte, into *Applied) error {
	r := wire.NewReader(b)
	a := readApplied(r)
	if err := r.Done(); err != nil {
		return err
	}
	*into = *a
	return nil
}

func (c *Core) restoreIndex(b Book) error {
	r := wire.NewReader([]byte(b.Key[len(bookIndex):]))
	d := clock.Dot{Replica: clock.ReplicaID(r.Uint64()), Seq: r.Uint64()}
	if err := r.Done(); err != nil {
		return err
	}
	if !d.IsValid() {
		return fmt.Errorf("%w: index entry of %v", clock.ErrCorrupt, d)
	}
	c.index.set(d, string(b.Value))
	return nil
}
