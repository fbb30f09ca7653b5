package aerospike

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dovetail-crdt/dovetail/store"
)

// disk is the durable half of a keeper: rows go to the Journal in rounds. What is put
// while a round is being written goes with the next, in the order in which it was
// put, so the rows of an object never overtake each other. Keeper.mu is held in all
// calls unless they say otherwise.
//
// What a process may have sent must be on disk before, or the next process would use
// its numbers again: a change waits for its round (kept). What became of a change
// needs not be there, for it is safe to merge one again; it goes with what comes next.
type disk struct {
	journal Journal
	replica *replica // whose events are numbered on by the next process
	start   func(f func()) (started bool)
	log     *slog.Logger

	rows    []JournalRow
	now     *round // of rows
	running bool

	own map[ownName][]ownPart // of the process before; see own
}

// round is one write to the Journal.
type round struct {
	done chan struct{} // closed when err is set
	err  error
}

// author is the replica that issued a change, and the hash of the object's key. Kind is
// that of a type without a context, else empty. The zero value is somebody else.
type author struct {
	replica *replica
	hash    uint64
	kind    string
}

func (d *disk) put(rows ...JournalRow) *round {
	if d.now == nil {
		d.now = &round{done: make(chan struct{})}
	}
	d.rows = append(d.rows, rows...)
	return d.now
}

// add puts a change that was issued.
func (d *disk) add(t ticket, e *journaled) {
	e.round = d.put(entryRow(t, e.key, &e.entry))
	d.last(e.by)
	if e.by.kind != "" {
		d.put(ownRow(e.by.replica.id, t, e.by.kind, e.key, e.entry.Frame))
	}
}

// forget takes out what add put of a change beside its entry.
func (d *disk) forget(t ticket, by author) *round {
	if by.kind != "" {
		d.put(JournalRow{Key: ownKey(by.replica.id, t)})
	}
	d.last(by)
	return d.put()
}

// last puts what the replica's last event on the object is now: others may have been
// issued since, which is a bound as good.
func (d *disk) last(by author) {
	if by.replica != nil {
		d.put(lastRow(by.replica.id, by.hash, by.replica.lastOn(by.hash)))
	}
}

// run has written what was put.
func (d *disk) run(j *keeper) {
	if d.running || d.now == nil {
		return
	}
	if d.running = d.start(func() { d.write(j) }); !d.running { // Close writes the rows
		d.now.err = store.ErrClosed
		close(d.now.done)
		d.now = nil
	}
}

// many is how many rows wait for those that somebody waits for, at most.
const many = 256

func (d *disk) runIfMany(j *keeper) {
	if len(d.rows) >= many {
		d.run(j)
	}
}

// write writes round after round until nothing is left. Keeper.mu is not held.
func (d *disk) write(j *keeper) {
	for {
		j.mu.Lock()
		rows, r := d.rows, d.now
		d.rows, d.now = nil, nil
		if d.running = r != nil; !d.running {
			j.mu.Unlock()
			return
		}
		j.mu.Unlock()
		if err := d.journal.Write(append(rows, d.replica.head())); err != nil {
			r.err = fmt.Errorf("%w: %w", ErrJournal, err)
			d.log.Error("aerospike: journal not written", slog.Any("error", err))
		}
		close(r.done)
	}
}

// kept returns when a change is on the disk, and so may be sent. One that failed to
// come there is put again in the next call. Keeper.mu is not held.
func (j *keeper) kept(ctx context.Context, t ticket) error {
	if j.disk == nil {
		return nil
	}
	j.mu.Lock()
	e := j.entries[t]
	if e == nil || e.round == nil {
		j.mu.Unlock()
		return nil
	}
	if e.round.failed() {
		j.disk.add(t, e)
		j.disk.run(j)
	}
	r := e.round
	j.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrJournal, ctx.Err())
	}
}

func (r *round) failed() bool {
	select {
	case <-r.done:
		return r.err != nil
	default:
		return false
	}
}

// forgetWait is how long a refusal waits for the disk. A disk that hangs for longer,
// under a process that is then killed, leaves a change that its caller was told is
// refused, and that the next process merges.
const forgetWait = time.Second

// wait waits for a round that the caller needs not hear of: if it fails, the next
// process has no proof that this is its journal, and drops what is not known.
func (r *round) wait() {
	if r == nil {
		return
	}
	t := time.NewTimer(forgetWait)
	defer t.Stop()
	select {
	case <-r.done:
	case <-t.C:
	}
}

// close writes what was put and not written. Nothing runs any more.
func (j *keeper) close() error {
	if j.disk == nil || len(j.disk.rows) == 0 {
		return nil
	}
	d := j.disk
	rows := append(d.rows, d.replica.head())
	d.rows, d.now = nil, nil
	if err := d.journal.Write(rows); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}
