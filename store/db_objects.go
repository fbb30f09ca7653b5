package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

var _ Backend = (*DB)(nil)

// Know implements Backend.
func (db *DB) Know(kinds ...crdt.AnyKind) {
	if e, ok := db.cfg.Engine.(interface{ Know(kinds ...crdt.AnyKind) }); ok {
		e.Know(kinds...)
	}
}

// Update implements Backend.
func (db *DB) Update(ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *crdt.Object) error, o Options) (clock.Token, error) {
	if err := db.checkOptions(&o); err != nil {
		return clock.Token{}, err
	}
	var opts []crdt.Option
	if o.Seen != nil {
		seen, err := o.Seen.Open(db.cfg.TokenKey, key)
		if err != nil {
			return clock.Token{}, &KeyError{key, err}
		}
		opts = append(opts, crdt.Seen(seen))
	}
	var after *crdt.Object
	err := db.update(ctx, key, func(t *Transaction, frames [][]byte) (err error) {
		after, _, err = t.Run(k, frames, fn, opts...)
		return err
	})
	if err != nil {
		return clock.Token{}, db.updateError(key, err)
	}
	return db.token(key, after)
}

// checkOptions refuses what this store cannot honour.
func (db *DB) checkOptions(o *Options) error {
	if o.Newest {
		return &UnsupportedError{"Newest", "an embedded store"}
	}
	if len(o.AtLeast) > 0 {
		return &UnsupportedError{"AtLeast", "an embedded store"}
	}
	return nil
}

// updateError says what became of an update: one that failed to be written is in
// doubt until the store is opened again.
func (db *DB) updateError(key string, err error) error {
	if errors.Is(err, ErrFailed) {
		return NewInDoubtError(key, err, lostChange{key, err})
	}
	var of *KeyError
	if errors.As(err, &of) && of.Key == key {
		return err
	}
	return &KeyError{key, err}
}

// lostChange is a change of which the next opening of the store tells whether it is
// durable.
type lostChange struct {
	key string
	err error
}

// Retry implements PendingChange.
func (c lostChange) Retry(context.Context) error {
	return &KeyError{c.key, fmt.Errorf("%w: %w", ErrInDoubt, c.err)}
}

// Abandon implements PendingChange.
func (c lostChange) Abandon(context.Context) error {
	return &KeyError{c.key, fmt.Errorf("%w: %w: %w", ErrCannotAbandon, ErrInDoubt, c.err)}
}

// View implements Backend.
func (db *DB) View(ctx context.Context, key string, k crdt.AnyKind, o Options) (*crdt.Object, clock.Token, error) {
	obj, err := db.view(ctx, key, k, &o)
	if err != nil {
		return nil, clock.Token{}, err
	}
	token, err := db.token(key, obj)
	return obj, token, err
}

func (db *DB) view(ctx context.Context, key string, k crdt.AnyKind, o *Options) (*crdt.Object, error) {
	if err := db.checkOptions(o); err != nil {
		return nil, err
	}
	if err := db.err(); err != nil {
		return nil, &KeyError{key, err}
	}
	rec, err := db.cfg.Engine.Load(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, &KeyError{key, err}
	}
	return JoinObject(k, key, rec.Frames)
}

// Views implements Backend.
func (db *DB) Views(ctx context.Context, keys []string, k crdt.AnyKind, o Options) ([]*crdt.Object, error) {
	out, errs := make([]*crdt.Object, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		out[i], errs[i] = db.view(ctx, key, k, &o)
	}
	return out, errors.Join(errs...)
}

// Keys implements Backend.
func (db *DB) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := db.err(); err != nil {
			yield("", err)
			return
		}
		for rec, err := range db.cfg.Engine.Scan(ctx, prefix, "") {
			if !yield(rec.Key, err) || err != nil {
				return
			}
		}
	}
}

// token seals what a client has seen of an object.
func (db *DB) token(key string, o *crdt.Object) (clock.Token, error) {
	c := o.BorrowContext()
	if c == nil || c.IsEmpty() {
		return clock.Token{}, nil
	}
	t, err := db.sealer.Seal(key, c, nil)
	if err != nil {
		return t, &TokenError{key, err}
	}
	return t, nil
}

// err returns why the DB does nothing more, or nil.
func (db *DB) err() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.failed
}
