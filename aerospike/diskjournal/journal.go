package diskjournal

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// Journal is an aerospike.Journal in a directory. It is safe for concurrent use.
type Journal struct {
	db    *pebble.DB
	dir   string
	o     Options
	why   error // why nothing proves that this host left these very files; nil if it is proven
	taken bool

	mu      sync.Mutex // writes come one after the other
	proof   *proof     // nil: there is none
	name    id
	version uint64 // counts writes
	closed  bool
	broken  chan struct{} // closed when the disk failed
}

var _ aerospike.Journal = (*Journal)(nil)

// Rows of the journal itself, apart from those of the engine.
const (
	ownRow    = 'm'
	engineRow = 'r'
)

// Open opens the journal in dir, which is made if it does not exist. Only one process
// can have it open; the error of another says so.
func Open(dir string, o Options) (*Journal, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.host == nil {
		o.host = thisHost{}
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	if o.Reserve == 0 {
		o.Reserve = defaultReserve
	}
	if !o.Sync {
		o.fs = noSyncFS{o.fs}
	}
	j := &Journal{dir: dir, o: o, broken: make(chan struct{})}
	db, err := pebble.Open(dir, &pebble.Options{
		FS: o.fs, Logger: &logger{log: o.Logger, broken: sync.OnceFunc(func() { close(j.broken) })},
		FormatMajorVersion: pebble.FormatNewest, MemTableSize: memTable, CacheSize: cache,
	})
	if err != nil {
		return nil, fmt.Errorf("diskjournal: open %s: %w", dir, err)
	}
	j.db = db
	if err := j.identify(); err != nil {
		return nil, errors.Join(fmt.Errorf("diskjournal: open %s: %w", dir, err), db.Close())
	}
	return j, nil
}

// Sizes in bytes. Pebble's memory is small, since a journal is read only once. The default
// reserve is many times what Pebble writes at once.
const (
	memTable       = 8 << 20
	cache          = 1 << 20
	defaultReserve = 256 << 20
)

// identify looks for the proof that this host left these very files. Without a proof the
// files get a new name, so that other copies of them no longer share a name with these.
func (j *Journal) identify() error {
	name, version, err := readHead(j.db)
	if err != nil {
		return err
	}
	j.name, j.version = name, version
	host, dir := j.o.host, j.o.Proof
	if dir == "" {
		dir = defaultProof
	}
	j.proof, j.why = openProof(host, dir, name, version)
	if j.why == nil {
		return nil
	}
	if j.name, err = newID(); err != nil {
		return err
	}
	if err := j.db.Set(headRow(), head(j.name, version), pebble.Sync); err != nil {
		return err
	}
	j.proof, err = makeProof(host, dir, j.name, version)
	if err != nil { // then the next opening is not proven either
		j.o.Logger.Warn("diskjournal: the next start will be a new replica", slog.Any("error", err))
	}
	return nil
}

// Proven implements aerospike.Journal.
func (j *Journal) Proven() error { return j.why }

// Load implements aerospike.Journal.
func (j *Journal) Load() iter.Seq2[aerospike.JournalRow, error] {
	return func(yield func(aerospike.JournalRow, error) bool) {
		j.mu.Lock()
		taken := j.taken
		j.taken = true
		j.mu.Unlock()
		if taken {
			yield(aerospike.JournalRow{}, ErrTaken)
			return
		}
		it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: []byte{engineRow}, UpperBound: []byte{engineRow + 1}})
		if err != nil {
			yield(aerospike.JournalRow{}, fmt.Errorf("diskjournal: %w", err))
			return
		}
		more := true
		for it.First(); more && it.Valid(); it.Next() {
			more = yield(aerospike.JournalRow{Key: it.Key()[1:], Value: it.Value()}, nil)
		}
		if err := it.Close(); err != nil && more {
			yield(aerospike.JournalRow{}, fmt.Errorf("diskjournal: %w", err))
		}
	}
}

// Write implements aerospike.Journal. A write that fails removes the proof.
func (j *Journal) Write(rows []aerospike.JournalRow) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		return ErrClosed
	case j.isBroken():
		return ErrBroken
	}
	err := j.room()
	if err == nil {
		err = j.commit(rows)
	}
	if err == nil {
		j.version++
		err = j.proof.advance(j.version)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("diskjournal: write: %w", err), j.disprove())
	}
	return nil
}

// room fails if the disk has less free space than Options.Reserve.
func (j *Journal) room() error {
	usage, err := j.o.fs.GetDiskUsage(j.dir)
	if err == nil && usage.AvailBytes < j.o.Reserve {
		err = fmt.Errorf("%w: %d bytes left of the %d that it must have", ErrFull, usage.AvailBytes, j.o.Reserve)
	}
	return err
}

// commit writes all rows or none. It has a goroutine of its own for the write, since Pebble
// ends the goroutine in which the disk fails (see logger).
func (j *Journal) commit(rows []aerospike.JournalRow) error {
	b := j.db.NewBatch()
	err := b.Set(headRow(), head(j.name, j.version+1), nil)
	for i := 0; err == nil && i < len(rows); i++ {
		key := append([]byte{engineRow}, rows[i].Key...)
		if rows[i].Value == nil {
			err = b.Delete(key, nil)
		} else {
			err = b.Set(key, rows[i].Value, nil)
		}
	}
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		err := ErrBroken
		defer func() { done <- err }()
		err = b.Commit(pebble.Sync) // without Options.Sync this waits for the operating system only: see noSyncFS
	}()
	select {
	case err := <-done:
		return err
	case <-j.broken:
		return ErrBroken
	}
}

func (j *Journal) isBroken() bool {
	select {
	case <-j.broken:
		return true
	default:
		return false
	}
}

// disprove removes the proof: the next opening begins as a new replica.
func (j *Journal) disprove() error {
	p := j.proof
	j.proof = nil
	return p.remove()
}

// Close closes the journal. Close the engine first. Closing twice does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	if j.isBroken() { // the goroutine that holds Pebble's locks may have ended
		return errors.Join(ErrBroken, j.proof.close())
	}
	return errors.Join(j.db.Close(), j.proof.close())
}
