package diskjournal

import (
	"errors"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Errors of a Journal.
var (
	// ErrTaken means that the journal serves an engine already.
	ErrTaken = errors.New("diskjournal: the journal serves an engine already")
	// ErrBroken means that the disk failed. Nothing more is written: open the journal
	// again when the disk is well.
	ErrBroken = errors.New("diskjournal: the disk failed")
	// ErrFull means that the disk has less room than Options.Reserve.
	ErrFull = errors.New("diskjournal: the disk is full")
	// ErrClosed means that the journal is closed.
	ErrClosed = errors.New("diskjournal: closed")
	// ErrFormat means that the files are not those of a journal, or of a later version.
	ErrFormat = errors.New("diskjournal: not a journal that this version knows")
)

// Options configures a Journal. The zero value is a sensible choice.
type Options struct {
	// Proof is a directory in memory (tmpfs), where the proof is kept that the files
	// are those that were left here; "" is /dev/shm. It must live as long as the
	// machine is up, and be shared by nobody who is not trusted with the journal.
	Proof string

	// Sync makes each write wait for the disk.
	Sync bool

	// Reserve is how much room the disk must have for a write, in bytes; 0 is 256 MiB.
	// Pebble does not live through a disk that is full, so it does not come to that.
	Reserve uint64

	// Logger gets what nobody waits for. Nil discards it.
	Logger *slog.Logger

	host host // nil: the real one
	fs   vfs.FS
}
