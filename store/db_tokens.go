package store

import (
	"context"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// sight is what a client saw: an object, the events that were applied before it was
// read, and those that the client's own transaction made.
type sight struct {
	object  *untyped.Object
	applied *Applied
	made    []clock.Event
}

// context returns what a token holds of s: the live dots, and of the others those that
// were applied. Of a dead dot outside the vector only the end is known here: what the
// event itself ended may be alive.
func (s *sight) context() *clock.Context {
	c := s.object.BorrowContext()
	if c == nil {
		return nil
	}
	lacks := s.applied.Lacks(c)
	if lacks.IsEmpty() {
		return c
	}
	known := s.object.Live()
	for _, ev := range s.made {
		known.Add(ev.Dot)
	}
	return c.Minus(lacks.Minus(known))
}

// token seals what a client has seen.
func (db *DB) token(key string, saw *sight) (clock.Token, error) {
	c := saw.context()
	if c == nil || c.IsEmpty() {
		return clock.Token{}, nil
	}
	t, err := db.sealer.Seal(key, c, nil)
	if err != nil {
		return t, &TokenError{key, err}
	}
	return t, nil
}

// wants opens the tokens of AtLeast for the objects under keys, and refuses the options
// that this store cannot honour.
func (db *DB) wants(o *Options, keys ...string) ([]*clock.Context, error) {
	if o.Newest {
		return nil, &UnsupportedError{"Newest", "an embedded store"}
	}
	return o.Wants(db.cfg.TokenKey, keys...)
}

// await waits until the events of want are applied here, or are live in the object: a
// heal brings objects before their events count as applied.
func (db *DB) await(ctx context.Context, key string, k crdt.AnyKind, want *clock.Context) error {
	if want == nil {
		return nil
	}
	for {
		moved := db.durable.next()
		missing := db.durable.get().Lacks(want)
		if missing.IsEmpty() {
			return nil
		}
		frames, err := db.read(ctx, key)
		if err != nil {
			return err
		}
		o, err := replication.JoinObject(k, key, frames)
		if err != nil {
			return err
		}
		if missing = missing.Minus(o.Live()); missing.IsEmpty() {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", &crdt.BehindError{Missing: missing}, ctx.Err())
		case <-db.closed:
			return ErrClosed
		}
	}
}
