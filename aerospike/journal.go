package aerospike

import (
	"errors"
	"iter"
)

// ErrJournal means that the journal could not be written or read. An Update that fails
// with it, and is not in doubt, has sent nothing.
var ErrJournal = errors.New("aerospike: journal")

// Journal is durable memory of a process, in rows of bytes: which replica it is, its
// last event on each object, and the changes that it issued. Package
// aerospike/diskjournal has one. It serves one Engine, which does not close it.
type Journal interface {
	// Load yields all rows, in order of their keys. What it yields may be overwritten
	// when it goes on. Open calls it once; a journal that serves an engine fails.
	Load() iter.Seq2[JournalRow, error]

	// Proven returns nil if Load yields the effect of every Write that has returned
	// without error, by whatever process, of whatever copy of the journal; else why that
	// is not known. Files in which nothing is missing today may be a copy of files that
	// were written on, so it takes a proof that copies and backups do not have. Without
	// it the engine is a new replica. After a Write that failed there is none.
	Proven() error

	// Write puts rows, and deletes those whose Value is nil: all or none, in their order,
	// so that they survive the end of this process. It is called by one goroutine at a
	// time, and must not keep the rows.
	Write(rows []JournalRow) error
}

// JournalRow is a key and its value. In a Write a nil Value deletes the key; an empty
// one does not.
type JournalRow struct{ Key, Value []byte }
