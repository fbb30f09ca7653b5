package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/dovetail-crdt/dovetail/store/replication"
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
		m, err := replication.DecodeMessage(raw)
		if err == nil {
			err = db.input(func() error {
				err := db.core.Step(from, m)
				if err == nil {
					db.observe(m)
				}
				return err
			})
		}
		switch {
		case db.ctx.Err() != nil, errors.Is(err, ErrClosed), errors.Is(err, ErrFailed):
			return
		case err != nil:
			db.cfg.Logger.Error("store: message not taken", slog.String("from", string(from)), slog.Any("error", err))
		}
	}
}

// input gives the core an input and waits until it is durable, so that what comes in
// does not pile up before a slow disk.
func (db *DB) input(f func() error) error {
	w, err := db.step(f)
	return errors.Join(err, w.wait(db.ctx))
}

// observe lets the clock follow the times of the changes in a push. Of what a heal brings
// it need not: whoever overwrites a value takes a time above that of the value.
func (db *DB) observe(m replication.Message) {
	if p, ok := m.(*replication.Push); ok {
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
			err := db.input(func() error { db.core.Tick(); return nil })
			if db.ctx.Err() != nil {
				return
			}
			if err != nil {
				if !errors.Is(err, ErrClosed) {
					db.cfg.Logger.Error("store: stopped", slog.Any("error", err))
				}
				return
			}
		}
	}
}

// link is what waits for one peer: messages to be sent, and a load for its heal. Each
// has a goroutine, so that a peer that is slow to take messages, or objects that are
// slow to load, hold up nobody else.
type link struct {
	peer     PeerID
	messages chan replication.Message
	loads    chan *replication.Load
}

// linkQueue is how many messages wait for a peer before the next is dropped.
const linkQueue = 1024

func newLink(peer PeerID) *link {
	return &link{peer, make(chan replication.Message, linkQueue), make(chan *replication.Load, 1)}
}

// put takes a message, unless too many wait. Only the writer calls it.
func (l *link) put(m replication.Message) bool {
	select {
	case l.messages <- m:
		return true
	default:
		return false
	}
}

// putLoad takes a load in the place of one that nobody has begun: the session of that one
// is over. Only the writer calls it.
func (l *link) putLoad(load *replication.Load) {
	select {
	case <-l.loads:
	default:
	}
	l.loads <- load
}

// send sends what waits for a peer.
func (db *DB) send(l *link) {
	for {
		select {
		case <-db.ctx.Done():
			return
		case m := <-l.messages:
			if err := db.cfg.Transport.Send(db.ctx, l.peer, replication.AppendMessage(nil, m)); err != nil {
				db.cfg.Logger.Debug("store: message not sent", slog.String("to", string(l.peer)), slog.Any("error", err))
			}
		}
	}
}

// load reads objects for a peer's heal and gives them to the core.
func (db *DB) load(l *link) {
	for {
		select {
		case <-db.ctx.Done():
			return
		case want := <-l.loads:
			found := want.Read(func(key string) ([][]byte, error) { return db.frames(db.ctx, key) })
			if db.input(func() error { db.core.Loaded(found); return nil }) != nil {
				return // closed, or failed
			}
		}
	}
}

// frames returns the frames of an object, none if there is none.
func (db *DB) frames(ctx context.Context, key string) ([][]byte, error) {
	r, err := db.cfg.Engine.Load(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return r.Frames, err
}
