package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Objects is typed access to the objects of one kind under one prefix. It is a
// small value; copy it freely. It is safe for concurrent use.
type Objects[S crdt.Lattice[S]] struct {
	db     *DB
	prefix string
	kind   crdt.Kind[S]
}

// NewObjects returns access to the objects of db whose keys start with prefix.
func NewObjects[S crdt.Lattice[S]](db *DB, prefix string, k crdt.Kind[S]) Objects[S] {
	return Objects[S]{db, prefix, k}
}

// Update runs fn in a transaction on the object under key, which is empty if
// nobody has written it. When Update returns without error the change is durable
// here and on its way to the peers. The token names what the client has seen; no
// request takes one back yet.
//
// If fn returns an error or panics, or a mutator fails, nothing has changed. An
// error that matches ErrFailed means that the change may be durable but the store
// must be opened again.
//
// Updates of one key run one at a time, so fn must not update the key itself.
func (o Objects[S]) Update(ctx context.Context, key string, fn func(*crdt.Tx, S) error) (clock.Token, error) {
	var after S
	key = o.prefix + key
	err := o.db.update(ctx, key, func(t *Transaction, frames [][]byte) (err error) {
		after, _, err = Run(t, o.kind, frames, fn)
		return err
	})
	if err != nil {
		return clock.Token{}, err
	}
	return o.token(key, after), nil
}

// View returns the value of the object under key as it is here now, empty if
// there is none, and the token of what it shows. The value is the caller's own
// copy.
func (o Objects[S]) View(ctx context.Context, key string) (S, clock.Token, error) {
	key = o.prefix + key
	if err := o.db.err(); err != nil {
		return o.kind.New(), clock.Token{}, err
	}
	rec, err := o.db.cfg.Engine.Load(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return o.kind.New(), clock.Token{}, nil
	}
	if err != nil {
		return o.kind.New(), clock.Token{}, &KeyError{key, err}
	}
	s, err := Join(o.kind, key, rec.Frames)
	if err != nil {
		return s, clock.Token{}, err
	}
	return s, o.token(key, s), nil
}

// Keys yields the keys of all objects, without the prefix, in order. The error
// of a pair is the last thing yielded.
func (o Objects[S]) Keys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := o.db.err(); err != nil {
			yield("", err)
			return
		}
		for rec, err := range o.db.cfg.Engine.Scan(ctx, o.prefix, "") {
			if !yield(strings.TrimPrefix(rec.Key, o.prefix), err) || err != nil {
				return
			}
		}
	}
}

// token seals the context of s. One too large for a token (a symptom: contexts
// are a few intervals) gives the token of a client that has seen nothing, which
// is safe: it covers nothing.
func (o Objects[S]) token(key string, s S) clock.Token {
	c := crdt.ContextOf(s)
	if c == nil {
		return clock.Token{}
	}
	t, err := clock.SealToken(o.db.cfg.TokenKey, key, c)
	if err != nil {
		o.db.cfg.Logger.Warn("store: no token", slog.String("key", key), slog.Any("error", err))
	}
	return t
}

// err returns why the DB does nothing more, or nil.
func (db *DB) err() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.failed
}
