package store

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// receiveAgain is how long the driver waits after a failed Receive.
const receiveAgain = 100 * time.Millisecond

// receive takes messages until the DB is closed or has failed.
func (db *DB) receive() {
	for {
		from, raw, err := db.cfg.Transport.Receive(db.ctx)
		if db.ctx.Err() != nil {
			return
		}
		if err != nil { // it may recover, and writes go on meanwhile
			db.cfg.Logger.Error("store: no message received", slog.Any("error", err))
			select {
			case <-db.ctx.Done():
				return
			case <-time.After(receiveAgain):
				continue
			}
		}
		m, err := DecodeMessage(raw)
		if err == nil {
			err = db.step(db.ctx, func() error {
				db.observe(m)
				return db.core.Step(from, m)
			})
		}
		switch {
		case errors.Is(err, ErrClosed), errors.Is(err, ErrFailed):
			return
		case err != nil:
			db.cfg.Logger.Error("store: message not taken", slog.String("from", string(from)), slog.Any("error", err))
		}
	}
}

// observe lets the clock follow the times of what a message brings.
func (db *DB) observe(m Message) {
	if p, ok := m.(*Push); ok {
		for i := range p.Changes {
			db.hlc.Observe(p.Changes[i].Time)
		}
	}
}

// tick drives the core's time until the DB is closed.
func (db *DB) tick() {
	t := time.NewTicker(db.cfg.Tick)
	defer t.Stop()
	for {
		select {
		case <-db.ctx.Done():
			return
		case <-t.C:
			err := db.step(db.ctx, func() error { db.core.Tick(); return nil })
			if err != nil {
				if !errors.Is(err, ErrClosed) {
					db.cfg.Logger.Error("store: stopped", slog.Any("error", err))
				}
				return
			}
		}
	}
}

// update serialises updates of key and runs change, which makes what it did
// durable, with the object's frames. Updates of other keys go on meanwhile.
func (db *DB) update(ctx context.Context, key string, change func(t *Transaction, frames [][]byte) error) error {
	unlock, err := db.keys.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := db.err(); err != nil {
		return err
	}
	rec, err := db.cfg.Engine.Load(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return &KeyError{key, err}
	}
	return change(&Transaction{
		Core: db.core, Key: key, Clock: db.hlc, Lock: &db.mu,
		Commit: func() error { return db.carryOut(ctx) },
		Reserve: func(n int) error {
			db.core.Reserve(n)
			return db.carryOut(ctx)
		},
	}, rec.Frames)
}
