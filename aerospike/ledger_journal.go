package aerospike

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dovetail-crdt/dovetail/store"
)

// journalQueue is the durable half of a ledger: rows go to the Journal in rounds. What
// is put while a round is being written goes with the next, in the order in which it
// was put, so the rows of an object never overtake each other. Ledger.mu is held in
// all calls unless they say otherwise; the Journal is called without it.
//
// What a process may have sent must be on disk before, or the next process would use
// its numbers again: a change waits for its round (persist). That the cluster has
// acknowledged it needs not be there, for it is safe to merge a change again; it goes
// with what comes next.
type journalQueue struct {
	journal Journal
	replica *replica // whose events are numbered on by the next process
	start   func(f func()) (started bool)
	log     *slog.Logger

	rows    []JournalRow
	now     *round // of rows
	running bool
	flushed bool
}

// round is one write to the Journal.
type round struct {
	done chan struct{} // closed when err is set
	err  error
}

// isOver reports whether a round was written, or failed to be.
func (r *round) isOver() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func (d *journalQueue) put(rows ...JournalRow) *round {
	if d.now == nil {
		d.now = &round{done: make(chan struct{})}
	}
	d.rows = append(d.rows, rows...)
	return d.now
}

// add puts a change that was numbered.
func (d *journalQueue) add(c *change) {
	d.putChange(c)
	d.last(c.by)
	if c.by.kind != "" {
		d.put(ownRow(c.by.replica.id, c.ticket, c.by.kind, c.key, c.entry.Frame))
	}
}

// putChange puts the row of a change as it is now.
func (d *journalQueue) putChange(c *change) {
	if c.round != nil && !c.round.isOver() {
		c.row = nil // a round may be reading it
	}
	c.round = d.put(c.journalRow())
}

// forget puts that a change has no row any more.
func (d *journalQueue) forget(c *change) *round {
	c.round = nil
	return d.put(JournalRow{Key: c.rowKey[:]})
}

// refuse takes out all that add put of a change.
func (d *journalQueue) refuse(c *change) *round {
	if c.by.kind != "" {
		d.put(JournalRow{Key: ownKey(c.by.replica.id, c.ticket)})
	}
	d.last(c.by)
	return d.forget(c)
}

// last puts what the replica's last event on the object is now: others may have been
// issued since, which is a bound as good.
func (d *journalQueue) last(by issuer) {
	if by.replica != nil {
		d.put(lastRow(by.replica.id, by.hash, by.replica.lastOn(by.hash)))
	}
}

// put puts the row of a change as it is now, if there is a journal. L.mu is held.
func (l *ledger) put(c *change) {
	switch {
	case l.disk == nil:
	case c.durable || c.state.isResolved():
		l.disk.putChange(c)
	default: // the round that had the rest may fail
		l.disk.add(c)
	}
}

// run has written what was put. L.mu is held.
func (l *ledger) run() {
	if l.disk != nil {
		l.disk.run(l)
	}
}

// run has written what was put.
func (d *journalQueue) run(l *ledger) {
	if d.running || d.now == nil {
		return
	}
	if d.running = d.start(func() { d.write(l) }); !d.running { // Close writes the rows
		d.now.err = store.ErrClosed
		close(d.now.done)
		d.now = nil
	}
}

// many is how many rows wait for those that somebody waits for, at most.
const many = 256

func (d *journalQueue) runIfMany(l *ledger) {
	if len(d.rows) >= many {
		d.run(l)
	}
}

// write writes round after round until nothing is left. Ledger.mu is not held.
func (d *journalQueue) write(l *ledger) {
	for {
		l.mu.Lock()
		rows, r := d.rows, d.now
		d.rows, d.now = nil, nil
		if d.running = r != nil; !d.running {
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if err := d.journal.Write(append(rows, d.replica.head())); err != nil {
			r.err = fmt.Errorf("%w: %w", ErrJournal, err)
			d.log.Error("aerospike: journal not written", slog.Any("error", err))
		}
		close(r.done)
	}
}

// persist returns when the row that says what c is now is on the disk: a change that
// was numbered may be sent then, and what was decided about one may be told. A row
// that failed to come there is put again in the next call. L.mu is not held.
func (l *ledger) persist(ctx context.Context, c *change) error {
	l.mu.Lock()
	if l.disk == nil || c.round == nil { // or it was let go of
		l.mu.Unlock()
		return nil
	}
	if c.round.isOver() && c.round.err != nil {
		if l.disk.flushed { // with all that was put
			l.mu.Unlock()
			return nil
		}
		l.put(c)
	}
	l.run()
	r := c.round
	l.mu.Unlock()
	if !r.isOver() { // what is there needs no time
		select {
		case <-r.done:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrJournal, ctx.Err())
		case <-l.cut:
			return fmt.Errorf("%w: %w", ErrJournal, store.ErrClosed)
		}
	}
	if r.err == nil {
		l.mu.Lock()
		if c.durable = true; c.state == stateNumbered {
			c.state = stateSent
		}
		l.mu.Unlock()
	}
	return r.err
}

// refusalWait is how long a refusal waits for the disk. A disk that hangs for longer,
// under a process that is then killed, leaves a change that its caller was told is
// refused, and that the next process merges.
const refusalWait = time.Second

// wait waits for a round that the caller needs not hear of: if it fails, the next
// process has no proof that this is its journal, and deletes what stands there as numbered.
func (r *round) wait() {
	if r == nil {
		return
	}
	t := time.NewTimer(refusalWait)
	defer t.Stop()
	select {
	case <-r.done:
	case <-t.C:
	}
}

// flush writes what was put and not written. Nothing runs any more. L.mu is not held.
func (l *ledger) flush() error {
	l.mu.Lock()
	d := l.disk
	if d == nil || len(d.rows) == 0 {
		l.mu.Unlock()
		return nil
	}
	rows, r := append(d.rows, d.replica.head()), d.now
	d.rows, d.now = nil, nil
	for i := range rows { // a change whose round is over writes its next row into the same bytes
		rows[i].Value = bytes.Clone(rows[i].Value)
	}
	l.mu.Unlock()
	err := d.journal.Write(rows)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrJournal, err)
	}
	if r != nil { // else run has told those who wait that they do so in vain
		r.err = err
		close(r.done)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d.flushed = err == nil
	return err
}
