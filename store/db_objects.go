package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

var _ Backend = (*DB)(nil)

// Know implements Backend.
func (db *DB) Know(kinds ...crdt.AnyKind) { db.cfg.Engine.Know(kinds...) }

// Update implements Backend.
func (db *DB) Update(ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *untyped.Object) error, o Options) (clock.Token, error) {
	token, err := db.update(ctx, key, k, fn, &o)
	return token, keyError(key, err)
}

// keyError puts err into a *KeyError, unless it names the object already.
func keyError(key string, err error) error {
	switch err.(type) { //nolint:errorlint // what is around it counts, not what is in it
	case nil, *KeyError, *InDoubtError, *TokenError, *UnsupportedError:
		return err
	}
	return &KeyError{Key: key, Err: err}
}

func (db *DB) update(ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *untyped.Object) error, o *Options) (token clock.Token, err error) {
	want, err := db.wants(o, key)
	if err != nil {
		return token, err
	}
	var opts []crdt.Option
	if o.Seen != nil {
		seen, err := o.Seen.Open(db.cfg.TokenKey, key)
		if err != nil {
			return token, err
		}
		opts = append(opts, crdt.Seen(seen))
	}
	if err := db.await(ctx, key, k, want[0]); err != nil {
		return token, err
	}
	unlock, err := db.keys.lock(ctx, key)
	if err != nil {
		return token, fmt.Errorf("%w: %w", ErrContention, err)
	}
	var w *work
	defer func() {
		if w == nil { // else the writer ends the turn, when the change is durable
			unlock()
		}
	}()
	saw := sight{applied: db.durable.get()}
	frames, err := db.read(ctx, key)
	if err != nil {
		return token, err
	}
	t := &replication.Transaction{Core: db.core, Key: key, Clock: db.hlc, Lock: &db.mu, Reserve: db.reserve}
	t.Commit = func() error {
		if db.failed != nil {
			return db.failed
		}
		w = db.enqueue()
		w.after = unlock
		return nil
	}
	after, events, err := t.Run(k, frames, fn, opts...)
	if err != nil {
		return token, err
	}
	if err := w.wait(ctx); err != nil {
		return token, NewInDoubtError(key, err, &unwritten{key, w})
	}
	saw.object, saw.made = after, events
	return db.token(key, &saw)
}

// reserve has the core reserve more event numbers. Db.mu is held. They can be used at
// once: what is made of them becomes durable after the reservation.
func (db *DB) reserve(n int) error {
	if db.failed != nil {
		return db.failed
	}
	db.core.Reserve(n)
	db.enqueue()
	return nil
}

// unwritten is a change whose caller did not wait for its write, or whose write failed.
type unwritten struct {
	key string
	w   *work
}

// Retry implements PendingChange: it waits for the write.
func (c *unwritten) Retry(ctx context.Context) error {
	if err := c.w.wait(ctx); err != nil {
		return &KeyError{Key: c.key, Err: InDoubt(err)}
	}
	return nil
}

// Abandon implements PendingChange: what waits to be written is not taken back.
func (c *unwritten) Abandon(ctx context.Context) error {
	if err := c.w.wait(ctx); err != nil {
		return &KeyError{Key: c.key, Err: InDoubt(fmt.Errorf("%w: %w", ErrCannotAbandon, err))}
	}
	return &KeyError{Key: c.key, Err: ErrApplied}
}

// View implements Backend.
func (db *DB) View(ctx context.Context, key string, k crdt.AnyKind, o Options) (*untyped.Object, clock.Token, error) {
	want, err := db.wants(&o, key)
	if err != nil {
		return nil, clock.Token{}, keyError(key, err)
	}
	saw, err := db.view(ctx, key, k, want[0])
	if err != nil {
		return nil, clock.Token{}, keyError(key, err)
	}
	token, err := db.token(key, &saw)
	return saw.object, token, err
}

// view reads an object once what is wanted is applied.
func (db *DB) view(ctx context.Context, key string, k crdt.AnyKind, want *clock.Context) (saw sight, err error) {
	if err := db.await(ctx, key, k, want); err != nil {
		return saw, err
	}
	saw.applied = db.durable.get() // before the object, which so shows all of it
	frames, err := db.read(ctx, key)
	if err != nil {
		return saw, err
	}
	saw.object, err = replication.JoinObject(k, key, frames)
	return saw, err
}

// read returns the frames of an object, unless the DB is closed or has failed.
func (db *DB) read(ctx context.Context, key string) ([][]byte, error) {
	if err := db.err(); err != nil {
		return nil, err
	}
	return db.frames(ctx, key)
}

// Views implements Backend.
func (db *DB) Views(ctx context.Context, keys []string, k crdt.AnyKind, o Options) ([]*untyped.Object, error) {
	want, err := db.wants(&o, keys...)
	if err != nil {
		return nil, err
	}
	out, errs := make([]*untyped.Object, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		saw, err := db.view(ctx, key, k, want[i])
		out[i], errs[i] = saw.object, keyError(key, err)
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
		if l, ok := db.cfg.Engine.(KeyLister); ok {
			l.Keys(ctx, prefix)(yield)
			return
		}
		for rec, err := range db.cfg.Engine.Scan(ctx, prefix, "") {
			if !yield(rec.Key, err) || err != nil {
				return
			}
		}
	}
}
