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
	// Proof is the directory of the proof that this host left these very files. It must be
	// in memory (tmpfs), last as long as the machine is up, and be writable only by those
	// whom the journal trusts. "" is /dev/shm.
	Proof string

	// Sync makes each write wait for the disk.
	Sync bool

	// Reserve is how many bytes must be free on the disk for a write; 0 is 256 MiB. It
	// keeps the disk from being full, which Pebble does not survive.
	Reserve uint64

	// Logger gets the messages that no call returns. Nil discards them.
	Logger *slog.Logger

	host host // nil: the real one
	fs   vfs.FS
}
